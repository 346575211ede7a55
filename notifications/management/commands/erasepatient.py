from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from notifications import erasure
from queueing.models import Patient


class Command(BaseCommand):
    help = "Removes a patient's personal data everywhere. The row, its tickets and its history stay, without a name."

    def add_arguments(self, parser: CommandParser) -> None:
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--reference")
        who.add_argument("--id", type=int, help="the number in the admin's address of the patient")
        who.add_argument("--again", action="store_true", help="everybody who was erased before; after a restore")
        parser.add_argument("--actor", default="", help="the user who decided it")
        parser.add_argument("--reason", default="", help="stands in the audit trail for ever, so without a name")

    def handle(self, *, reference: str, id: int, again: bool, actor: str, reason: str, **options: Any) -> None:  # noqa: A002
        if again:
            self.stdout.write(f"Erased {len(erasure.again())} patients again.")
            return
        patient = self.find(reference, id)
        self.check_input(actor, reason, patient)
        try:
            erasure.erase(patient.pk, actor=actor, reason=reason)
        except erasure.StillHere as e:
            raise CommandError("The patient has an open ticket: end it first. Nothing was erased.") from e
        self.stdout.write(f"Erased patient {patient.pk}. The replica and the screens follow within seconds.")
        try:
            erasure.carry()
        except Error:
            self.stdout.write(
                "The replica does not answer now. It has to hear of this too before the primary may be lost."
            )

    def find(self, reference: str, key: int) -> Patient:
        wanted = {"reference": reference} if reference else {"pk": key}
        patient: Patient | None = Patient.objects.filter(**wanted).first()
        if patient is None:
            raise CommandError(f"There is no patient with the {'reference' if reference else 'number'} you gave.")
        return patient

    def check_input(self, actor: str, reason: str, patient: Patient) -> None:
        if not User.objects.filter(username=actor).exists():
            raise CommandError(f"There is no user {actor!r}: say with --actor who decided it. Nothing was erased.")
        if not reason.strip():
            raise CommandError("Say with --reason why. Nothing was erased.")
        if any(value.lower() in reason.lower() for value in erasure.values(patient)):
            raise CommandError("The reason repeats what is to be erased, and would be kept. Nothing was erased.")
