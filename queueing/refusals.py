"""Why a verb refuses: a sentence for the person, a code for the page, the ticket as it is now."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from queueing import history
from queueing.models import Event, Room, Ticket

#: Who acts from the page of a ticket.
PATIENT = "patient"
#: What somebody did to a ticket, by the verb of the event.
DID = {
    "ticket.issued": gettext_noop("%(who)s issued %(code)s at %(when)s."),
    "ticket.called": gettext_noop("%(who)s called %(code)s at %(when)s."),
    "ticket.recalled": gettext_noop("%(who)s called %(code)s again at %(when)s."),
    "ticket.started": gettext_noop("%(who)s started with %(code)s at %(when)s."),
    "ticket.coming": gettext_noop("The %(who)s of %(code)s answered at %(when)s."),
    "ticket.delayed": gettext_noop("The %(who)s of %(code)s took more time at %(when)s."),
    "ticket.missed": gettext_noop("%(who)s noted at %(when)s that %(code)s did not come."),
    "ticket.completed": gettext_noop("%(who)s completed %(code)s at %(when)s."),
    "ticket.cancelled": gettext_noop("%(who)s cancelled %(code)s at %(when)s."),
    "ticket.held": gettext_noop("%(who)s put %(code)s on hold at %(when)s."),
    "ticket.released": gettext_noop("%(who)s let %(code)s wait again at %(when)s."),
    "ticket.put_back": gettext_noop("%(who)s put %(code)s back in line at %(when)s."),
    "ticket.transferred": gettext_noop("%(who)s sent %(code)s on at %(when)s."),
    "ticket.prioritised": gettext_noop("%(who)s changed the priority of %(code)s at %(when)s."),
    "ticket.moved": gettext_noop("%(who)s moved %(code)s at %(when)s."),
    "ticket.undone": gettext_noop("%(who)s took the last step of %(code)s back at %(when)s."),
}
CHANGED = gettext_noop("%(who)s changed %(code)s at %(when)s.")


class TicketError(Exception):
    """A verb refused and changed nothing. `str()` tells the person what was wrong and what to do."""

    code = "refused"

    def __init__(self, sentence: str, *, code: str = "", ticket: Ticket | None = None) -> None:
        super().__init__(sentence)
        self.code = code or self.code
        self.ticket = ticket


class NotAllowed(TicketError):
    code = "not_allowed"


class WrongState(TicketError):
    """Somebody was faster, or the ticket never was where the verb starts from."""

    @classmethod
    def of(cls, ticket: Ticket) -> WrongState:
        last = history.of(ticket)[0]
        sentence = _("%(code)s is %(status)s: %(who)s did that at %(when)s. Nothing was changed.") % {
            "code": ticket.code,
            "status": str(ticket.get_status_display()).lower() + _in_room(ticket),
            "who": person(last.actor),
            "when": clock(last.at),
        }
        return cls(sentence, code=f"already_{ticket.status}", ticket=ticket)


class StaleVersion(TicketError):
    """The ticket was changed after the page was made that this came from."""

    code = "stale_version"

    @classmethod
    def of(cls, ticket: Ticket, last: Event) -> StaleVersion:
        unchanged = _("Nothing was changed.")
        return cls(f"{did(last, ticket.code)} {unchanged}", ticket=ticket)


class MovedOn(TicketError):
    code = "already_transferred"

    def __init__(self, ticket: Ticket) -> None:
        sentence = _("%(code)s was just sent to %(service)s. Nothing was changed.")
        super().__init__(sentence % {"code": ticket.code, "service": ticket.service}, ticket=ticket)


class RoomBusy(TicketError):
    code = "room_busy"

    @classmethod
    def with_(cls, ticket: Ticket, room: Room) -> RoomBusy:
        since = ticket.started_at or ticket.called_at
        sentence = _("%(room)s is busy with %(code)s since %(when)s. Nobody was called.") % {
            "room": room,
            "code": ticket.code,
            "when": clock(since) if since else "?",
        }
        return cls(sentence, ticket=ticket)


class RoomClosed(TicketError):
    code = "room_closed"


class RoomOpen(TicketError):
    code = "room_open"


class RoomDoesNotServe(TicketError):
    code = "room_does_not_serve"


class ServiceClosed(TicketError):
    code = "service_closed"


class NobodyWaiting(TicketError):
    code = "nobody_waiting"


class AlreadyWaiting(TicketError):
    code = "already_waiting"


class JustAdded(TicketError):
    code = "patient_just_added"


class ReasonNeeded(TicketError):
    code = "reason_needed"


class NoSuchPlace(TicketError):
    code = "no_such_place"


class TooLate(TicketError):
    code = "too_late"


class NotUndoable(TicketError):
    code = "not_undoable"


class KeyReused(TicketError):
    code = "key_reused"


class TooManyAsk(TicketError):
    code = "too_many_ask"


class UnknownCode(TicketError):
    code = "unknown_code"


#: What a rule of the database means to a person. A rule that is not here is a fault of ours, and stays an error.
RULES: dict[str, tuple[type[TicketError], str]] = {
    "ticket_one_open_per_room": (RoomBusy, gettext_noop("The room has somebody already. Nobody was called.")),
    "ticket_patient_waits_once_per_service": (
        AlreadyWaiting,
        gettext_noop("This patient is waiting for this service already."),
    ),
    "patient_reference_is_its_own": (
        JustAdded,
        gettext_noop(
            "Somebody else has just added a patient with this reference. Nothing was changed: please press again."
        ),
    ),
    "event_key_is_used_once": (KeyReused, gettext_noop("This form was sent before. Please reload the page.")),
}


@contextmanager
def named() -> Iterator[None]:
    """Turn a broken rule of the database, known by its name, into the refusal it stands for."""
    try:
        yield
    except IntegrityError as error:
        rule = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if rule not in RULES:
            raise
        refusal, sentence = RULES[rule]
        raise refusal(_(sentence)) from error


def did(event: Event, code: str) -> str:
    """Who did what to the ticket with this code, and when: a sentence."""
    told = {"who": person(event.actor) if event.actor else _("Somebody"), "code": code, "when": clock(event.at)}
    return _(DID.get(event.verb, CHANGED)) % told


def person(actor: str) -> str:
    """By name those who have one here."""
    return (_("patient") if actor == PATIENT else actor) or _("somebody")


def clock(at: datetime) -> str:
    """The clinic's time of day."""
    return timezone.localtime(at).strftime("%H:%M")


def _in_room(ticket: Ticket) -> str:
    return f" ({ticket.room})" if ticket.room else ""
