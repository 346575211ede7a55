"""Fills an empty clinic with services, rooms, a display and people to try it with."""

from __future__ import annotations

import json
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, User
from django.core.management.base import BaseCommand
from django.db import transaction

from clinic import folders
from queueing import history
from queueing.models import Display, DisplayService, Kiosk, Room, RoomService, Service

# name, prefix, typical minutes
SERVICES = (("General practice", "A", 12), ("Nurse", "B", 8), ("Blood tests", "C", 5), ("Physiotherapy", "D", 20))
ROOMS = {
    "Room 1": ("General practice", "Nurse"),
    "Room 2": ("General practice",),
    "Room 3": ("Nurse", "Physiotherapy"),
    "Blood 1": ("Blood tests",),
}
PEOPLE = ("Receptionist", "Clinician", "Supervisor", "Auditor")


class Command(BaseCommand):
    help = "Fill an empty clinic with a demo: 4 services, 4 rooms, a display and 4 people. Otherwise does nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--sign-ins", type=Path, help="write the sign-ins to this file, as JSON, instead of printing them"
        )

    def handle(self, *args: Any, sign_ins: Path | None, **options: Any) -> None:
        if Service.objects.exists() or User.objects.exists():
            self.stdout.write("The clinic is in use already: nothing was added.")
            return
        with transaction.atomic(), history.operation("demo.seeded", actor="seeddemo"):
            add_clinic()
            people = add_people()
            if sign_ins:
                # Inside: on a full disk there is no clinic whose passwords nobody knows.
                folders.write_private(sign_ins, json.dumps(people, indent=2))
        if not sign_ins:
            self.stdout.write(json.dumps(people, indent=2))


def add_clinic() -> None:
    hall = Display.objects.create(name="Hall", slug="hall", open_to_all=True)
    Kiosk.objects.create(name="Entrance", slug="entrance", languages="en es fr pt-br ar", open_to_all=True)
    services = {}
    for name, prefix, minutes in SERVICES:
        services[name] = Service.objects.create(name=name, prefix=prefix, typical_minutes=minutes)
        DisplayService.objects.create(display=hall, service=services[name])
    for name, served in ROOMS.items():
        room = Room.objects.create(name=name)
        for service in served:
            RoomService.objects.create(room=room, service=services[service])


def add_people() -> dict[str, dict[str, str]]:
    """Sign-ins by role."""
    people = {}
    for role in PEOPLE:
        name, password = role.lower(), secrets.token_urlsafe(12)
        # The admin is for those who complete, supervise or look after history; the reception works at the desk.
        user = User.objects.create_user(name, password=password, is_staff=role != "Receptionist")
        user.groups.add(Group.objects.get(name=role))
        people[name] = {"username": name, "password": password}
    return people
