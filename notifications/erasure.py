"""Takes a patient's personal data away wherever they live. What says that it happened names nobody."""

from __future__ import annotations

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from notifications.models import Cursor, DeadLetter, Delivery, Erasure
from queueing import history
from queueing.models import Line, Patient

ERASED = "erased"


class StillHere(Exception):
    """The patient has an open ticket: end it first."""


def erase(patient_id: int, *, actor: str, reason: str = "", though_here: bool = False) -> bool:
    """Empty the row, which stays for its tickets; the replica follows as with any change. False if it was empty.

    :raises StillHere: unless `though_here`
    :raises Patient.DoesNotExist:
    """
    with transaction.atomic(durable=True), history.operation("patient.erased", actor=actor, reason=reason):
        patient = _locked(patient_id)
        if patient.tickets.open().exists() and not though_here:
            raise StillHere
        said = values(patient)
        _forget_errors(patient, said)
        _empty(patient)
        Erasure.objects.update_or_create(pk=patient_id, defaults={"at": timezone.now(), "actor": actor})
    return bool(said)


def again() -> list[int]:
    """After a restore: erase whom either side remembers as erased. Returns whose data had come back."""
    bring_back()
    erased = dict(Erasure.objects.values_list("pk", "actor"))
    there = Patient.objects.filter(pk__in=erased).values_list("pk", flat=True)
    return [pk for pk in sorted(there) if erase(pk, actor=erased[pk], reason="restored", though_here=True)]


def carry() -> None:
    """Tell the replica who was erased: a primary that is restored has forgotten it."""
    _copy("default", "replica")


def bring_back() -> None:
    _copy("replica", "default")


def _copy(source: str, target: str) -> None:
    there = Erasure.objects.using(target)
    missing = Erasure.objects.using(source).exclude(pk__in=list(there.values_list("pk", flat=True)))
    there.bulk_create(missing, ignore_conflicts=True)


def values(patient: Patient) -> list[str]:
    """What must not stand anywhere afterwards."""
    return [value for value in (patient.reference, patient.name, patient.phone) if value]


def _locked(patient_id: int) -> Patient:
    """The lines come first, as in every verb. No ticket can be issued for a patient who is locked."""
    served = Patient.objects.get(pk=patient_id).tickets.values_list("service_id", flat=True)
    Line.objects.bump(set(served))  # a board may still show the name of a call
    return Patient.objects.select_for_update().get(pk=patient_id)


def _empty(patient: Patient) -> None:
    patient.reference, patient.name, patient.phone, patient.show_name = None, "", "", False
    patient.save()
    # The admin's own log has rows by the name they had.
    entries = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Patient), object_id=patient.pk)
    entries.update(object_repr=str(patient)[:200])


def _forget_errors(patient: Patient, said: list[str]) -> None:
    """A database likes to say which value it could not take."""
    tickets = patient.tickets.values_list("pk", flat=True)
    theirs = Q(model="queueing.patient", object_id=patient.pk) | Q(model="queueing.ticket", object_id__in=tickets)
    DeadLetter.objects.filter(theirs).update(error=ERASED)
    for model in (Cursor, DeadLetter, Delivery):
        _forget(model, said)


def _forget(model: type[models.Model], said: list[str]) -> None:
    for value in said:
        model._default_manager.filter(error__contains=value).update(error=ERASED)
