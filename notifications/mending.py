"""What a person does about a row that was put aside. A letter that is closed stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import Error, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from notifications import copying
from notifications.models import DeadLetter
from notifications.retry import describe

REPLICA = "replica"


class LetterError(Exception):
    """Says in a sentence why nothing was done."""


def retry(letter_id: int) -> DeadLetter:
    """Ask the worker to try it in its next step.

    :raises LetterError: if it is closed
    """
    with _opened(letter_id) as letter:
        letter.retry_at = timezone.now()
    return letter


def discard(letter_id: int, *, by: str, reason: str) -> DeadLetter:
    """
    :raises LetterError: if it is closed
    """
    with _opened(letter_id) as letter:
        _close(letter, DeadLetter.Outcome.DISCARDED, by)
        letter.reason = reason
    return letter


def copy(letter_id: int, *, by: str) -> DeadLetter:
    """Copy the row, as it is now, to the replica.

    :raises LetterError: if it is closed or of another sink, or if the replica refuses; then it took an attempt
    """
    with _opened(letter_id) as letter:
        if letter.sink != REPLICA or letter.model not in copying.BY_LABEL:
            raise LetterError(_("%s is nothing that can be copied to the replica; retry it instead.") % letter)
    try:  # without the lock of the letter: the worker may want it while it holds the replica
        copying.copy_row(letter.model, letter.object_id)
    except (Error, psycopg.Error) as e:
        raise _failed(letter_id, e) from e
    with _opened(letter_id) as letter:
        _close(letter, DeadLetter.Outcome.DELIVERED, by)
    return letter


def _failed(letter_id: int, error: Exception) -> LetterError:
    with _opened(letter_id) as letter:
        letter.attempts += 1
        letter.error = describe(error)
    return LetterError(
        _("%(letter)s could not be copied and stays open: %(error)s.") % {"letter": letter, "error": letter.error}
    )


def _close(letter: DeadLetter, outcome: DeadLetter.Outcome, by: str) -> None:
    letter.outcome, letter.closed_at, letter.closed_by, letter.retry_at = outcome, timezone.now(), by, None


@contextmanager
def _opened(letter_id: int) -> Iterator[DeadLetter]:
    """The letter under its lock, saved at the end."""
    with transaction.atomic():
        letter = DeadLetter.objects.select_for_update(no_key=True).filter(pk=letter_id).first()
        if letter is None:
            raise LetterError(_("This dead letter is no longer there; nothing was done."))
        if letter.outcome != DeadLetter.Outcome.OPEN:
            outcome = letter.get_outcome_display().lower()
            raise LetterError(
                _("%(letter)s is closed already (%(outcome)s); nothing was done.")
                % {"letter": letter, "outcome": outcome}
            )
        yield letter
        letter.save()
