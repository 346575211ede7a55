"""What `manage.py renderspeech` has made, for displays to play."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from clinic import speech


@require_safe
def clip(request: HttpRequest, name: str) -> HttpResponse:
    """A few kilobytes, whose name changes with its words."""
    try:
        sound = (speech.folder() / f"{name}.wav").read_bytes()
    except FileNotFoundError:
        raise Http404 from None
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return HttpResponse(sound, content_type="audio/wav", headers=headers)
