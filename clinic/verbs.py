"""What the desk can do to a ticket: by address, the verb of `queueing.tickets`, its form, and what is said after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django import forms as django_forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic import forms
from queueing import tickets
from queueing.models import Ticket


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    act: Callable[..., Ticket]
    form: type[django_forms.Form]
    said: Promise | str

    def sentence(self, ticket: Ticket) -> str:
        """What happened, for the person who did it."""
        return said(self.said, ticket)


def said(sentence: Promise | str, ticket: Ticket) -> str:
    return str(sentence) % {
        "code": ticket.code,
        "room": ticket.room,
        "service": ticket.service,
        "priority": str(ticket.get_priority_display()).lower(),
        "status": str(ticket.get_status_display()).lower(),
        "low": ticket.estimate_low,
        "high": ticket.estimate_high,
    }


VERBS = {
    "call": Verb(act=tickets.call, form=forms.Call, said=_("%(code)s called to %(room)s.")),
    "recall": Verb(act=tickets.recall, form=forms.Press, said=_("%(code)s called again to %(room)s.")),
    "start": Verb(act=tickets.start, form=forms.Press, said=_("%(code)s is in %(room)s.")),
    "miss": Verb(act=tickets.miss, form=forms.Press, said=_("%(code)s did not come.")),
    "put-back": Verb(act=tickets.put_back, form=forms.PutBack, said=_("%(code)s is back in line for %(service)s.")),
    "hold": Verb(act=tickets.hold, form=forms.Reason, said=_("%(code)s is on hold and keeps its place.")),
    "release": Verb(act=tickets.release, form=forms.Press, said=_("%(code)s is back in line for %(service)s.")),
    "transfer": Verb(act=tickets.transfer, form=forms.Transfer, said=_("%(code)s now waits for %(service)s.")),
    "prioritise": Verb(act=tickets.prioritise, form=forms.Prioritise, said=_("%(code)s is now %(priority)s.")),
    "move": Verb(act=tickets.move, form=forms.Move, said=_("%(code)s has another place in the line.")),
    "cancel": Verb(act=tickets.cancel, form=forms.Reason, said=_("%(code)s is cancelled.")),
}
ISSUED = _("%(code)s issued for %(service)s: about %(low)s to %(high)s minutes.")
UNDONE = _("Taken back: %(code)s is %(status)s.")
PAUSED = _("%(room)s is paused.")
RESUMED = _("%(room)s is open again.")
