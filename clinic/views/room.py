"""The panel of one room, for whoever sees patients there. Tickets change by the desk's own addresses."""

from __future__ import annotations

from functools import partial

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clinic import forms
from clinic.notices import Notice
from clinic.verbs import PAUSED, RESUMED
from clinic.views import desk
from clinic.views.desk import desk_only
from clinic.views.presses import answer
from queueing import rooms


@never_cache
@require_safe
@desk_only
def room(request: HttpRequest, room_id: int) -> HttpResponse:
    return desk.page(request, room_id=room_id)


@never_cache
@require_POST
@desk_only
def pause(request: HttpRequest, room_id: int) -> HttpResponse:
    form = forms.Pause(request.POST)
    if not form.is_valid():
        notice = Notice(text=forms.sentence(form), code="invalid")
        return desk.page(request, room_id=room_id, notice=notice, status=422)
    act = partial(rooms.pause, room_id=room_id, reason=form.cleaned_data["reason"], actor=request.user)
    return answer(request, lambda: Notice(text=str(PAUSED) % {"room": act(at=timezone.now())}))


@never_cache
@require_POST
@desk_only
def resume(request: HttpRequest, room_id: int) -> HttpResponse:
    act = partial(rooms.resume, room_id=room_id, actor=request.user)
    return answer(request, lambda: Notice(text=str(RESUMED) % {"room": act(at=timezone.now())}))
