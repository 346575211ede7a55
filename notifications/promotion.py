"""Makes the replica a primary: what it lacks for that are triggers, and sequences that know its rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import psycopg
from django.apps import apps
from django.core.management.color import no_style
from django.db import connections, migrations, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.models import Max
from django.db.models.functions import Greatest

from notifications import direct, limits
from notifications.models import ReplicaState
from notifications.sinks import replica
from queueing.models import Ticket

#: A server that answers so is not lost: it refuses a sign-in, or starts.
ANSWERS = "FATAL"


class CannotPromote(Exception):
    """Nothing was changed; the text says why."""


def check(*, force: bool) -> ReplicaState:
    """What the replica shows.

    :raises CannotPromote: if the primary answers (unless forced), or the replica is not fit
    """
    if not force and primary_answers():
        raise CannotPromote(
            "The primary answers. Two primaries would drift apart: stop it for good first, or add --force if nobody"
            " can reach it any more."
        )
    state = ReplicaState.objects.using("replica").filter(pk=1).first()
    if not state:
        raise CannotPromote("The replica was never filled: there is nothing to go on with.")
    if _has_triggers():
        raise CannotPromote("REPLICA_URL names a database that is promoted already.")
    return state


def promote() -> None:
    """Once no delivery is in the middle, and whole or not at all. No worker of the old primary delivers after it."""
    with transaction.atomic(using="replica", durable=True):
        limits.extend("replica", to=limits.EVERYTHING)
        state = replica.locked_state()
        state.epoch = replica.PROMOTED
        state.save(using="replica", update_fields=["epoch"])
        with connections["replica"].cursor() as cursor:
            for statement in (*_sequences(), *_triggers()):
                cursor.execute(statement)


def primary_answers() -> bool:
    params = direct.params("default", application="clinic-promote")
    try:
        with psycopg.connect(**params):
            return True
    except psycopg.OperationalError as e:
        return ANSWERS in str(e)


def last_moment() -> datetime | None:
    """When the youngest thing happened to a ticket that the replica shows."""
    times = ("issued_at", "called_at", "started_at", "ended_at")
    moment: datetime | None = Ticket.objects.using("replica").aggregate(at=Max(Greatest(*times)))["at"]
    return moment


def primary_only() -> Iterator[migrations.RunSQL]:
    """What migrations did on the primary and left out on the replica, in their order."""
    loader = MigrationLoader(connections["replica"])
    done = dict.fromkeys(key for leaf in loader.graph.leaf_nodes() for key in loader.graph.forwards_plan(leaf))
    for key in done:
        for operation in loader.graph.nodes[key].operations:
            if isinstance(operation, migrations.RunSQL) and operation.hints.get("primary_only"):
                yield operation


def _sequences() -> list[str]:
    return connections["replica"].ops.sequence_reset_sql(no_style(), apps.get_models())


def _triggers() -> Iterator[str]:
    return (str(operation.sql) for operation in primary_only())


def _has_triggers() -> bool:
    with connections["replica"].cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_trigger WHERE NOT tgisinternal)")
        return bool(cursor.fetchone()[0])
