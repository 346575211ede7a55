from pathlib import Path

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import queueing.fields
import queueing.models.screens

SQL = Path(__file__).parent.parent / "sql"


def from_file(name: str) -> migrations.RunSQL:
    """Triggers stand on the primary only: the replica takes its rows as they are."""
    return migrations.RunSQL(
        (SQL / f"{name}.sql").read_text(),
        reverse_sql=(SQL / f"{name}_reverse.sql").read_text(),
        hints={"primary_only": True},
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Kiosk",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("slug", models.SlugField(unique=True, verbose_name="address")),
                (
                    "languages",
                    models.CharField(
                        default="en",
                        help_text="Codes in the order in which they are shown: en es fr pt-br ar.",
                        max_length=60,
                        validators=[queueing.models.screens.known_languages],
                        verbose_name="languages",
                    ),
                ),
                (
                    "opens_at",
                    models.TimeField(
                        blank=True, help_text="Empty: it never closes.", null=True, verbose_name="opens at"
                    ),
                ),
                ("closes_at", models.TimeField(blank=True, null=True, verbose_name="closes at")),
                (
                    "open_to_all",
                    models.BooleanField(
                        default=False,
                        help_text="Any browser on the network may open it, without being paired.",
                        verbose_name="open to all",
                    ),
                ),
            ],
            options={
                "verbose_name": "kiosk",
                "verbose_name_plural": "kiosks",
            },
        ),
        migrations.CreateModel(
            name="Service",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                (
                    "prefix",
                    models.CharField(
                        help_text="The letters of its codes, as A in A-014. They must not reveal the service.",
                        max_length=2,
                        verbose_name="prefix",
                    ),
                ),
                ("is_open", models.BooleanField(default=True, verbose_name="open")),
                (
                    "at_kiosk",
                    models.BooleanField(
                        default=True, help_text="Patients may take a ticket themselves.", verbose_name="at kiosks"
                    ),
                ),
                (
                    "names_on_displays",
                    models.BooleanField(
                        default=False,
                        help_text="Of those patients who agreed. Else codes only.",
                        verbose_name="names on displays",
                    ),
                ),
                (
                    "typical_minutes",
                    models.PositiveSmallIntegerField(
                        default=10,
                        help_text="Of one consultation, until enough have been measured.",
                        verbose_name="typical minutes",
                    ),
                ),
                (
                    "target_wait_minutes",
                    models.PositiveSmallIntegerField(default=30, verbose_name="target wait in minutes"),
                ),
                (
                    "high_head_start_minutes",
                    models.PositiveIntegerField(
                        default=2880,
                        help_text="Urgent tickets count as if they had come so much earlier. A day is strict priority.",
                        verbose_name="head start of urgent, in minutes",
                    ),
                ),
                (
                    "medium_head_start_minutes",
                    models.PositiveIntegerField(default=1440, verbose_name="head start of soon, in minutes"),
                ),
                (
                    "low_head_start_minutes",
                    models.PositiveIntegerField(default=0, verbose_name="head start of routine, in minutes"),
                ),
            ],
            options={
                "verbose_name": "service",
                "verbose_name_plural": "services",
            },
        ),
        migrations.CreateModel(
            name="PairingCode",
            fields=[
                ("code", models.CharField(max_length=6, primary_key=True, serialize=False)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("asked_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Patient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reference", models.CharField(blank=True, max_length=40, null=True, verbose_name="reference")),
                ("name", models.CharField(blank=True, max_length=200, verbose_name="name")),
                ("phone", models.CharField(blank=True, max_length=40, verbose_name="phone")),
                (
                    "show_name",
                    models.BooleanField(
                        default=False,
                        help_text="The patient agreed that screens show the name.",
                        verbose_name="show the name",
                    ),
                ),
            ],
            options={
                "verbose_name": "patient",
                "verbose_name_plural": "patients",
            },
        ),
        migrations.CreateModel(
            name="Room",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40, unique=True, verbose_name="name")),
                ("is_open", models.BooleanField(default=True, verbose_name="open")),
                (
                    "closed_because",
                    models.CharField(
                        blank=True,
                        help_text="Shown at the desk: a break, until 13:00.",
                        max_length=60,
                        verbose_name="closed because",
                    ),
                ),
            ],
            options={
                "verbose_name": "room",
                "verbose_name_plural": "rooms",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("is_open", False), ("closed_because", ""), _connector="OR"),
                        name="room_open_needs_no_reason",
                        violation_error_message="An open room needs no reason: empty it, or close the room.",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="RoomService",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
            ],
            options={
                "verbose_name": "service of a room",
                "verbose_name_plural": "services of a room",
            },
        ),
        migrations.CreateModel(
            name="Ticket",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=12, verbose_name="code")),
                ("day", models.DateField(verbose_name="day")),
                (
                    "priority",
                    models.CharField(
                        choices=[("high", "Urgent"), ("medium", "Soon"), ("low", "Routine")],
                        default="low",
                        max_length=6,
                        verbose_name="priority",
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("held", "On hold"),
                            ("called", "Called"),
                            ("serving", "With a clinician"),
                            ("completed", "Completed"),
                            ("missed", "Did not come"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="waiting",
                        max_length=9,
                        verbose_name="status",
                    ),
                ),
                ("position", models.BigIntegerField(verbose_name="position")),
                ("token", models.CharField(default=queueing.fields.new_token, max_length=22, verbose_name="token")),
                ("call_count", models.PositiveSmallIntegerField(default=0, verbose_name="calls")),
                ("issued_at", models.DateTimeField(verbose_name="issued")),
                ("called_at", models.DateTimeField(blank=True, null=True, verbose_name="called")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                ("ended_at", models.DateTimeField(blank=True, null=True, verbose_name="ended")),
                ("completed_by", models.CharField(blank=True, max_length=150, verbose_name="completed by")),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("seen", "Seen"),
                            ("referred", "Referred elsewhere"),
                            ("left", "Left before the end"),
                            ("duplicate", "Duplicate ticket"),
                            ("other", "Other"),
                        ],
                        max_length=9,
                        verbose_name="outcome",
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                ("needs_fetching", models.BooleanField(default=False, verbose_name="fetch in person")),
                ("needs_interpreter", models.BooleanField(default=False, verbose_name="interpreter")),
                ("needs_wheelchair", models.BooleanField(default=False, verbose_name="wheelchair")),
                ("coming_at", models.DateTimeField(blank=True, null=True, verbose_name="coming since")),
                ("more_time_at", models.DateTimeField(blank=True, null=True, verbose_name="asked for more time")),
                (
                    "estimate_low",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="told at least, in minutes"),
                ),
                (
                    "estimate_high",
                    models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="told at most, in minutes"),
                ),
            ],
            options={
                "verbose_name": "ticket",
                "verbose_name_plural": "tickets",
                "permissions": [
                    ("issue_ticket", "Can issue tickets"),
                    ("call_ticket", "Can call patients, start, and mark no-shows"),
                    ("arrange_ticket", "Can hold, put back, send on, prioritise, move and cancel"),
                    ("complete_ticket", "Can complete tickets"),
                    ("reopen_ticket", "Can reopen completed tickets"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Display",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                ("slug", models.SlugField(unique=True, verbose_name="address")),
                (
                    "languages",
                    models.CharField(
                        default="en",
                        help_text="Codes in the order in which they are shown: en es fr pt-br ar.",
                        max_length=60,
                        validators=[queueing.models.screens.known_languages],
                        verbose_name="languages",
                    ),
                ),
                (
                    "opens_at",
                    models.TimeField(
                        blank=True, help_text="Empty: it never closes.", null=True, verbose_name="opens at"
                    ),
                ),
                ("closes_at", models.TimeField(blank=True, null=True, verbose_name="closes at")),
                (
                    "open_to_all",
                    models.BooleanField(
                        default=False,
                        help_text="Any browser on the network may open it, without being paired.",
                        verbose_name="open to all",
                    ),
                ),
                (
                    "layout",
                    models.CharField(
                        choices=[
                            ("auto", "As the screen is turned"),
                            ("landscape", "Landscape"),
                            ("portrait", "Portrait"),
                        ],
                        default="auto",
                        max_length=9,
                        verbose_name="layout",
                    ),
                ),
                (
                    "screen_inches",
                    models.PositiveSmallIntegerField(
                        default=43,
                        validators=[
                            django.core.validators.MinValueValidator(7),
                            django.core.validators.MaxValueValidator(200),
                        ],
                        verbose_name="screen diagonal, in inches",
                    ),
                ),
                (
                    "viewing_distance_m",
                    models.FloatField(
                        default=5,
                        help_text="From the screen to the last seat. Letters are made large enough for it.",
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(30),
                        ],
                        verbose_name="viewing distance, in metres",
                    ),
                ),
                (
                    "earlier_calls",
                    models.PositiveSmallIntegerField(
                        default=5,
                        help_text="So many stand beside the latest.",
                        validators=[django.core.validators.MaxValueValidator(8)],
                        verbose_name="earlier calls",
                    ),
                ),
                (
                    "sound",
                    models.CharField(
                        choices=[("speech", "Chime and speech"), ("chime", "Chime only"), ("silent", "Silent")],
                        default="speech",
                        max_length=7,
                        verbose_name="sound",
                    ),
                ),
            ],
            options={
                "verbose_name": "display",
                "verbose_name_plural": "displays",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("earlier_calls__lte", 8),
                            ("screen_inches__range", (7, 200)),
                            ("viewing_distance_m__range", (1, 30)),
                        ),
                        name="display_has_a_possible_size",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("layout__in", ["auto", "landscape", "portrait"]),
                            ("sound__in", ["speech", "chime", "silent"]),
                        ),
                        name="display_layout_and_sound_are_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DisplayService",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "display",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shows",
                        to="queueing.display",
                        verbose_name="display",
                    ),
                ),
            ],
            options={
                "verbose_name": "service of a display",
                "verbose_name_plural": "services of a display",
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "txid",
                    queueing.fields.TransactionIdField(db_default=queueing.fields.CurrentTransaction(), editable=False),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                ("model", models.CharField(max_length=60, verbose_name="model")),
                ("object_id", models.BigIntegerField(verbose_name="row")),
                ("service_id", models.BigIntegerField(null=True, verbose_name="service")),
                (
                    "action",
                    models.CharField(
                        choices=[("insert", "added"), ("update", "changed"), ("delete", "removed"), ("note", "noted")],
                        max_length=6,
                        verbose_name="action",
                    ),
                ),
                ("verb", models.CharField(max_length=60, verbose_name="what")),
                ("actor", models.CharField(blank=True, max_length=150, verbose_name="who")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="why")),
                ("key", models.CharField(editable=False, max_length=64, null=True, verbose_name="key")),
                ("changes", models.JSONField(default=dict, verbose_name="changes")),
                (
                    "bytes",
                    models.GeneratedField(
                        db_persist=True, expression=queueing.fields.EventBytes(), output_field=models.IntegerField()
                    ),
                ),
            ],
            options={
                "verbose_name": "event",
                "verbose_name_plural": "history",
                "indexes": [
                    models.Index(fields=["txid"], name="event_by_transaction"),
                    models.Index(fields=["model", "object_id", "txid"], name="event_of_a_row"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("key",), name="event_key_is_used_once"),
                    models.CheckConstraint(
                        condition=models.Q(("verb", ""), _negated=True), name="event_says_what_happened"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token_hash", models.CharField(max_length=64, unique=True, verbose_name="token")),
                ("paired_at", models.DateTimeField(verbose_name="paired")),
                ("paired_by", models.CharField(max_length=150, verbose_name="paired by")),
                (
                    "display",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="devices",
                        to="queueing.display",
                        verbose_name="display",
                    ),
                ),
                (
                    "kiosk",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="devices",
                        to="queueing.kiosk",
                        verbose_name="kiosk",
                    ),
                ),
            ],
            options={
                "verbose_name": "paired device",
                "verbose_name_plural": "paired devices",
                "permissions": [("pair_device", "Can pair displays and kiosks")],
            },
        ),
        migrations.CreateModel(
            name="Line",
            fields=[
                (
                    "service",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="line",
                        serialize=False,
                        to="queueing.service",
                    ),
                ),
                ("day", models.DateField(null=True)),
                ("last_number", models.PositiveIntegerField(default=0)),
                ("last_arrival", models.BigIntegerField(default=0)),
                ("version", models.BigIntegerField(default=1)),
            ],
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.UniqueConstraint(fields=("prefix",), name="service_prefix_is_its_own"),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(
                condition=models.Q(("prefix__regex", "^[A-Z]{1,2}$")), name="service_prefix_is_letters"
            ),
        ),
        migrations.AddConstraint(
            model_name="service",
            constraint=models.CheckConstraint(
                condition=models.Q(("typical_minutes__gt", 0)), name="service_typical_minutes_is_positive"
            ),
        ),
        migrations.AddField(
            model_name="displayservice",
            name="service",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="displays",
                to="queueing.service",
                verbose_name="service",
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.UniqueConstraint(fields=("reference",), name="patient_reference_is_its_own"),
        ),
        migrations.AddField(
            model_name="roomservice",
            name="room",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="serves",
                to="queueing.room",
                verbose_name="room",
            ),
        ),
        migrations.AddField(
            model_name="roomservice",
            name="service",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rooms",
                to="queueing.service",
                verbose_name="service",
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="patient",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tickets",
                to="queueing.patient",
                verbose_name="patient",
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="room",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tickets",
                to="queueing.room",
                verbose_name="room",
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="service",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="tickets",
                to="queueing.service",
                verbose_name="service",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("display__isnull", False), ("kiosk__isnull", True)),
                    models.Q(("display__isnull", True), ("kiosk__isnull", False)),
                    _connector="OR",
                ),
                name="device_is_one_display_or_one_kiosk",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(("paired_by", ""), _negated=True), name="device_is_paired_by_a_person"
            ),
        ),
        migrations.AddConstraint(
            model_name="displayservice",
            constraint=models.UniqueConstraint(fields=("display", "service"), name="display_shows_a_service_once"),
        ),
        migrations.AddConstraint(
            model_name="roomservice",
            constraint=models.UniqueConstraint(fields=("room", "service"), name="room_serves_a_service_once"),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("service"),
                models.OrderBy(models.F("called_at"), descending=True),
                condition=models.Q(("called_at__isnull", False)),
                name="ticket_recent_calls",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                models.F("service"),
                models.OrderBy(models.F("ended_at"), descending=True),
                condition=models.Q(("status", "completed")),
                name="ticket_recent_ends",
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("status__in", ["waiting", "held", "called", "serving"])),
                fields=["service", "status"],
                name="ticket_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "waiting")),
                fields=("service", "position"),
                name="ticket_one_per_position_while_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(("position__gt", 0)), name="ticket_position_is_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(fields=("day", "code"), name="ticket_code_is_unique_in_a_day"),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(fields=("token",), name="ticket_token_is_its_own"),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["called", "serving"])),
                fields=("room",),
                name="ticket_one_open_per_room",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status__in", ["waiting", "held"])),
                fields=("patient", "service"),
                name="ticket_patient_waits_once_per_service",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("status", "completed"),
                        models.Q(("completed_by", ""), _negated=True),
                        models.Q(("outcome", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("status", "completed"), _negated=True),
                        ("completed_by", ""),
                        ("outcome", ""),
                        ("reason", ""),
                    ),
                    _connector="OR",
                ),
                name="ticket_completed_by_a_person_and_only_then",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "completed"), _negated=True),
                    ("outcome", "seen"),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="ticket_unusual_outcome_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["called", "serving"]), _negated=True),
                    ("room__isnull", False),
                    _connector="OR",
                ),
                name="ticket_called_or_serving_has_a_room",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("called_at__isnull", True),
                        ("ended_at__isnull", True),
                        ("room__isnull", True),
                        ("started_at__isnull", True),
                        ("status__in", ["waiting", "held"]),
                    ),
                    models.Q(
                        ("called_at__isnull", False),
                        ("ended_at__isnull", True),
                        ("started_at__isnull", True),
                        ("status", "called"),
                    ),
                    models.Q(
                        ("called_at__isnull", False),
                        ("ended_at__isnull", True),
                        ("started_at__isnull", False),
                        ("status", "serving"),
                    ),
                    models.Q(
                        ("called_at__isnull", False),
                        ("ended_at__isnull", False),
                        ("status__in", ["completed", "missed"]),
                    ),
                    models.Q(("ended_at__isnull", False), ("status", "cancelled")),
                    _connector="OR",
                ),
                name="ticket_times_agree_with_status",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("coming_at__isnull", True),
                    models.Q(("status__in", ["waiting", "held"]), _negated=True),
                    _connector="OR",
                ),
                name="ticket_comes_only_when_called",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status__in", ["waiting", "held", "called", "serving", "completed", "missed", "cancelled"])
                ),
                name="ticket_status_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="ticket",
            constraint=models.CheckConstraint(
                condition=models.Q(("priority__in", ["high", "medium", "low"])), name="ticket_priority_is_known"
            ),
        ),
        from_file("rules"),
        from_file("guard"),
    ]
