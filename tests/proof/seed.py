"""Four services, four rooms and four people, before anybody has come."""

from __future__ import annotations

import io

from django.core.management import call_command

from queueing import history
from queueing.models import Service


def fill():
    for alias in ("default", "replica"):
        call_command("migrate", database=alias, verbosity=0)
    call_command("seeddemo", stdout=io.StringIO())  # passwords, which nobody needs
    set_a_short_head_start()
    call_command("deliver", once=True)


def set_a_short_head_start():
    """In one line priorities overtake each other and are overtaken within a proof; in the others they are strict."""
    service = Service.objects.latest("pk")
    service.high_head_start_minutes, service.medium_head_start_minutes = 1, 0
    with history.operation(actor="setup"):
        service.save()
