"""A kiosk at the door: one question a page, then a ticket."""

from __future__ import annotations

from collections.abc import Mapping

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic import devices, kiosk
from clinic.kiosk import Answers
from notifications import activity
from queueing.models import Kiosk, Ticket
from queueing.refusals import AlreadyWaiting, TicketError


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """The next question to what was answered so far, or the ticket."""
    shown = get_object_or_404(Kiosk, slug=slug)
    if not devices.may_open(request, shown):
        return redirect(devices.lets_pair(request, shown))
    device = devices.device_of(request)
    activity.log_activity("kiosk.beat", kiosk=slug, device=device.pk if device else None)
    answers = Answers(request.POST, shown)
    with translation.override(answers.language_code or kiosk.languages(shown)[0][0]):
        if not kiosk.is_open(shown, timezone.now()):
            return _page(request, answers, "closed", status=409 if request.method == "POST" else 200)
        if answers.question:
            return _ask(request, answers)
        return _issue(request, answers)


def _ask(request: HttpRequest, answers: Answers) -> HttpResponse:
    question = answers.question
    context = {
        "so_far": answers.so_far(question),
        "wrong": answers.wrong,
        "offers": kiosk.offers() if question == "service" else [],
        "digits": kiosk.DIGITS,
        "letters": kiosk.LETTERS.get(answers.language_code, kiosk.LATIN) if question == "name" else kiosk.LATIN,
    }
    return _page(request, answers, question, context, status=422 if answers.wrong else 200)


def _issue(request: HttpRequest, answers: Answers) -> HttpResponse:
    now = timezone.now()
    if not _is_kiosk(request, answers.kiosk):
        return _none(request, answers, _("You only look at this kiosk. It issues tickets where it stands."), 403)
    try:
        ticket = kiosk.issue(answers, now)
    except AlreadyWaiting:
        return _page(request, answers, "already", status=409)
    except TicketError as refusal:
        return _none(request, answers, str(refusal), 429 if isinstance(refusal, kiosk.TooMany) else 409)
    if now - ticket.issued_at > kiosk.SHOWN_AGAIN:
        return redirect("kiosk", answers.kiosk.slug)
    address = request.build_absolute_uri(reverse("ticket-page", args=[ticket.token]))
    return _page(request, answers, "ticket", {"ticket": ticket, "qr": _qr(address), "named": _is_named(ticket)})


def _is_kiosk(request: HttpRequest, shown: Kiosk) -> bool:
    """Not only somebody who may look what it shows."""
    device = devices.device_of(request)
    return shown.open_to_all or (device is not None and device.kiosk == shown)


def _is_named(ticket: Ticket) -> bool:
    return bool(ticket.service.names_on_displays and ticket.patient and ticket.patient.show_name)


def _none(request: HttpRequest, answers: Answers, why: str, status: int) -> HttpResponse:
    return _page(request, answers, "none", {"why": why}, status)


def _page(
    request: HttpRequest, answers: Answers, name: str, context: Mapping[str, object] | None = None, status: int = 200
) -> HttpResponse:
    chosen = {"languages": kiosk.languages(answers.kiosk), "language": answers.language_code}
    everything = {"kiosk": answers.kiosk, "is_first": request.method != "POST", **chosen, **(context or {})}
    return render(request, f"kiosk/{name}.html", everything, status=status)


def _qr(address: str) -> SafeString:
    """Error level M, and the quiet zone of 4 that scanners ask for."""
    code = segno.make(address, error="m", micro=False)
    return mark_safe(code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr"))  # noqa: S308
