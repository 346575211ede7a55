"""Who is told when something happened. Receivers register, nothing more."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from notifications import activity, wake
from queueing.models import Event


@receiver(post_save, sender=Event)
def wake_worker(using: str, **kwargs: Any) -> None:
    """Once per transaction. A flag of our own would outlive a savepoint that is rolled back; this list does not."""
    waiting = transaction.get_connection(using).run_on_commit
    if not any(callback is wake.wake for _, callback, _ in waiting):
        transaction.on_commit(wake.wake, using=using, robust=True)


@receiver(user_logged_in)
def log_sign_in(user: AbstractBaseUser, **kwargs: Any) -> None:
    activity.log_activity("user.signed_in", actor=user.get_username())


@receiver(user_logged_out)
def log_sign_out(user: AbstractBaseUser | None, **kwargs: Any) -> None:
    if user is not None:
        activity.log_activity("user.signed_out", actor=user.get_username())


@receiver(user_login_failed)
def log_failed_sign_in(credentials: dict[str, Any], **kwargs: Any) -> None:
    activity.log_activity("user.sign_in_failed", actor=str(credentials.get("username", ""))[:150])
