from pathlib import Path

import django.core.serializers.json
from django.db import migrations, models

import queueing.fields

SQL = Path(__file__).parent.parent / "sql"


def from_file(name: str) -> migrations.RunSQL:
    """The trail is kept on the primary only."""
    return migrations.RunSQL(
        (SQL / f"{name}.sql").read_text(),
        reverse_sql=(SQL / f"{name}_reverse.sql").read_text(),
        hints={"primary_only": True},
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = [("queueing", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Activity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("kind", models.CharField(max_length=40, verbose_name="kind")),
                ("actor", models.CharField(blank=True, max_length=150, verbose_name="who")),
                (
                    "detail",
                    models.JSONField(
                        default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder, verbose_name="detail"
                    ),
                ),
            ],
            options={
                "verbose_name": "activity",
                "verbose_name_plural": "activity",
                "indexes": [models.Index(fields=["kind", "-at"], name="activity_latest_of_a_kind")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("kind", ""), _negated=True), name="activity_has_a_kind")
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditAnchor",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False)),
                ("hash", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("seq__gt", 0)), name="audit_anchor_seq_is_positive")
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("seq", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="number")),
                ("event_id", models.BigIntegerField(verbose_name="event")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("actor", models.CharField(blank=True, max_length=150, verbose_name="who")),
                ("sentence", models.TextField(verbose_name="what happened")),
                ("verb", models.CharField(max_length=60, verbose_name="verb")),
                ("model", models.CharField(max_length=60, verbose_name="model")),
                ("object_id", models.BigIntegerField(verbose_name="row")),
                ("changes", models.JSONField(default=dict, verbose_name="changes")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="why")),
                ("hash", models.CharField(max_length=64, verbose_name="hash")),
                ("previous_hash", models.CharField(blank=True, max_length=64, verbose_name="hash before")),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit trail",
                "indexes": [models.Index(fields=["model", "object_id"], name="audit_entries_of_a_row")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("seq__gt", 0)), name="audit_entry_seq_is_positive"),
                    models.UniqueConstraint(fields=("event_id",), name="audit_entry_seals_an_event_once"),
                    models.UniqueConstraint(fields=("hash",), name="audit_entry_hash_is_its_own"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("previous_hash", ""), ("seq", 1)),
                            models.Q(("seq__gt", 1), models.Q(("previous_hash", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="audit_entry_follows_another_but_the_first",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Comparison",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("rows", models.PositiveBigIntegerField(verbose_name="rows compared")),
                ("differences", models.PositiveIntegerField(verbose_name="differences")),
                ("repaired", models.BooleanField(default=False, verbose_name="repaired")),
            ],
            options={
                "verbose_name": "comparison with the replica",
                "verbose_name_plural": "comparisons with the replica",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("repaired", False), ("differences__gt", 0), _connector="OR"),
                        name="comparison_repairs_what_differs",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Cursor",
            fields=[
                ("sink", models.CharField(max_length=20, primary_key=True, serialize=False, verbose_name="sink")),
                ("low", queueing.fields.TransactionIdField(default=0, verbose_name="read up to transaction")),
                ("snapshot", models.TextField(blank=True, verbose_name="snapshot")),
                ("updated_at", models.DateTimeField(verbose_name="last moved")),
                ("leader", models.CharField(blank=True, max_length=100, verbose_name="leader")),
                ("epoch", models.PositiveBigIntegerField(default=0, verbose_name="epoch")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("working", "Working"),
                            ("open", "Waiting after failures"),
                            ("half_open", "Trying again"),
                            ("blocked", "Blocked until migrated"),
                            ("stopped", "Stopped at an event"),
                        ],
                        default="working",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0, verbose_name="failures in a row")),
                ("error", models.TextField(blank=True, verbose_name="error")),
                ("retry_at", models.DateTimeField(null=True, verbose_name="next try")),
                ("begun", models.PositiveSmallIntegerField(default=0, verbose_name="batches cut off")),
                ("trying", models.CharField(blank=True, max_length=200, verbose_name="trying")),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "delivery",
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("sink", ""), _negated=True), name="cursor_has_a_sink"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state", "working"), models.Q(("error", ""), _negated=True), _connector="OR"
                        ),
                        name="cursor_says_why_it_does_not_work",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DeadLetter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sink", models.CharField(max_length=20, verbose_name="sink")),
                ("model", models.CharField(max_length=60, verbose_name="model")),
                ("object_id", models.BigIntegerField(verbose_name="row")),
                ("error", models.TextField(verbose_name="error")),
                ("attempts", models.PositiveIntegerField(default=1, verbose_name="attempts")),
                ("parked_at", models.DateTimeField(verbose_name="put aside")),
                ("retry_at", models.DateTimeField(null=True, verbose_name="next try")),
                (
                    "outcome",
                    models.CharField(
                        choices=[("open", "Open"), ("delivered", "Delivered"), ("discarded", "Discarded")],
                        default="open",
                        max_length=9,
                        verbose_name="outcome",
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True, verbose_name="closed")),
                ("closed_by", models.CharField(blank=True, max_length=150, verbose_name="closed by")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="why")),
            ],
            options={
                "verbose_name": "dead letter",
                "verbose_name_plural": "dead letters",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("outcome", "open")),
                        fields=("sink", "model", "object_id"),
                        name="dead_letter_is_open_once",
                    ),
                    models.CheckConstraint(condition=models.Q(("attempts__gt", 0)), name="dead_letter_took_an_attempt"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("closed_at", None), ("outcome", "open")),
                            models.Q(models.Q(("outcome", "open"), _negated=True), ("closed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="dead_letter_is_closed_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "discarded"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="dead_letter_is_discarded_for_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sink", models.CharField(max_length=20, verbose_name="sink")),
                ("low_from", queueing.fields.TransactionIdField(verbose_name="from transaction")),
                ("low_to", queueing.fields.TransactionIdField(verbose_name="to transaction")),
                ("events", models.PositiveIntegerField(verbose_name="events")),
                ("bytes", models.PositiveBigIntegerField(verbose_name="bytes")),
                ("attempts", models.PositiveIntegerField(default=1, verbose_name="attempts")),
                ("started_at", models.DateTimeField(verbose_name="started")),
                ("finished_at", models.DateTimeField(verbose_name="finished")),
                (
                    "outcome",
                    models.CharField(
                        choices=[("delivered", "Delivered"), ("failed", "Failed")], max_length=9, verbose_name="outcome"
                    ),
                ),
                ("error", models.TextField(blank=True, verbose_name="error")),
            ],
            options={
                "verbose_name": "batch",
                "verbose_name_plural": "batches",
                "indexes": [models.Index(fields=["sink", "-finished_at"], name="delivery_latest_of_a_sink")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("attempts__gt", 0)), name="delivery_took_an_attempt"),
                    models.CheckConstraint(
                        condition=models.Q(("low_to__gte", models.F("low_from"))), name="delivery_never_goes_back"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("error", ""), ("outcome", "delivered")),
                            models.Q(("outcome", "failed"), models.Q(("error", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="delivery_failed_with_an_error_and_only_then",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("patient_id", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="patient")),
                ("at", models.DateTimeField(verbose_name="when")),
                ("actor", models.CharField(max_length=150, verbose_name="who")),
            ],
            options={
                "verbose_name": "erasure",
                "verbose_name_plural": "erasures",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("actor", ""), _negated=True), name="erasure_has_an_actor"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="ReplicaState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("low", queueing.fields.TransactionIdField(default=0)),
                ("snapshot", models.TextField(blank=True)),
                ("epoch", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("pk", 1)), name="replica_state_is_one_row")],
            },
        ),
        migrations.CreateModel(
            name="WorkerBeat",
            fields=[
                ("worker", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                (
                    "wake_path",
                    models.CharField(
                        choices=[("listen", "woken on commit"), ("poll", "looks every second")],
                        default="poll",
                        max_length=6,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("worker", ""), _negated=True), name="worker_beat_has_a_worker"
                    )
                ],
            },
        ),
        from_file("audit_is_append_only"),
        from_file("pruning"),
        from_file("rebasing"),
    ]
