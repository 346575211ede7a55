"""One box for all that people search by."""

from __future__ import annotations

import re
from datetime import datetime

from django.db.models import F, Func, Q, Value
from django.utils import timezone

from queueing.models import OPEN, Ticket

#: So many are shown; who finds more types on.
MOST = 50
#: What a scanner types when it is shown the code of the patient's page.
TOKEN = re.compile(r"(?:^|/t/)([\w-]{22})/?$")
CODE = re.compile(r"([a-z]{1,2})[\s-]*0*([1-9]\d*)", re.IGNORECASE)
#: The last digits of a phone number.
DIGITS = re.compile(r"\d{4}")


def find(words: str, at: datetime) -> list[Ticket]:
    """Tickets that are open, and those of today that have ended, in one statement.

    By code (with or without its dash and noughts), the address that a patient's code of squares holds, reference, part
    of the name, or the last four digits of the phone.
    """
    here = Q(status__in=OPEN) | Q(day=timezone.localdate(at))
    if token := TOKEN.search(words):
        wanted = Q(token=token[1])
    else:
        wanted = Q(code__icontains=words) | Q(patient__name__icontains=words) | Q(patient__reference__icontains=words)
    if code := CODE.fullmatch(words):
        wanted |= Q(code=f"{code[1].upper()}-{int(code[2]):03d}")
    if DIGITS.fullmatch(words):
        wanted |= Q(digits__endswith=words)
    digits = Func(F("patient__phone"), Value(r"\D"), Value(""), Value("g"), function="regexp_replace")
    tickets = Ticket.objects.alias(digits=digits).filter(here, wanted).select_related("service", "room", "patient")
    return list(tickets.order_by("-issued_at")[:MOST])
