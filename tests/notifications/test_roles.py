"""What the role of web and worker cannot do, tried in plain SQL, and what it still can."""

from __future__ import annotations

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.urls import reverse

from notifications import roles, worker
from notifications.models import AuditEntry
from queueing.models import Event, Room

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])

TABLES = ("queueing_event", "notifications_auditentry")
TRIGGERS = {"queueing_event": "event_is_history", "notifications_auditentry": "audit_trail_is_append_only"}
REFUSED = psycopg.errors.InsufficientPrivilege


class TestTheRuntimeRole:
    @pytest.mark.parametrize("table", TABLES)
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE {table} SET actor = 'eve'",
            "DELETE FROM {table}",
            "TRUNCATE {table}",
            "SELECT * FROM {table} FOR UPDATE",
            "ALTER TABLE {table} DISABLE TRIGGER {trigger}",
            "ALTER TABLE {table} DISABLE TRIGGER ALL",
            "DROP TRIGGER {trigger} ON {table}",
            "DROP TABLE {table} CASCADE",
            "ALTER TABLE {table} OWNER TO CURRENT_USER",
            "CREATE TRIGGER mine BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION queueing_event_is_history()",
        ],
    )
    def test_cannot_rewrite_what_happened(self, line, table, statement):
        with pytest.raises(REFUSED):
            line.execute(statement.format(table=table, trigger=TRIGGERS[table]))

    @pytest.mark.parametrize(
        "statement",
        [
            "SET session_replication_role = replica",
            "CREATE OR REPLACE FUNCTION queueing_event_is_history() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
            "CREATE TABLE mine (id int)",
            "SET ROLE {owner}",
        ],
    )
    def test_cannot_go_round_it(self, line, statement):
        with pytest.raises(REFUSED):
            line.execute(statement.replace("{owner}", connection.settings_dict["USER"]))

    def test_sees_what_others_are_doing(self, line):
        assert line.execute("SELECT pg_has_role('pg_read_all_stats', 'MEMBER')").fetchone() == (True,)

    def test_gets_no_more_when_it_migrates_itself(self, at_work):
        roles.grant(using="default")  # nothing to do, and no stack trace

    def test_cannot_migrate(self, at_work):
        with pytest.raises(CommandError, match=r"role clinic_app may not change tables, so nothing was migrated"):
            roles.refuse_without_ownership(using="default", plan=["one"])

    def test_may_find_out_that_there_is_nothing_to_migrate(self, at_work):
        call_command("migrate", verbosity=0, interactive=False)


class TestWork:
    def test_goes_on(self, at_work, clinic, desk, redis):
        first = desk.issue(clinic.first)
        desk.call_next(clinic.room)
        desk.complete(first)

        call_command("deliver", once=True)

        assert AuditEntry.objects.count() == Event.objects.count()
        call_command("comparereplica")
        call_command("verifyaudit")
        call_command("checkqueues")

    def test_goes_on_in_the_admin(self, at_work, clinic, sofia, client):
        client.force_login(sofia)

        answer = client.post(reverse("admin:queueing_room_change", args=[clinic.room.pk]), room_form("Blue room"))

        assert answer.status_code == 302
        assert Room.objects.filter(name="Blue room").exists()

    def test_goes_on_in_an_empty_clinic(self, at_work, transactional_db):
        call_command("seeddemo")
        call_command("createsuperuser", interactive=False, username="root", email="root@clinic.example")
        worker.deliver_pending()

        assert AuditEntry.objects.exists()


class TestTheOwner:
    def test_of_another_role_gives_what_a_new_one_needs(self):
        """Otherwise the rest shows only what some earlier run granted."""
        with connections["default"].cursor() as cursor:
            cursor.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {settings.RUNTIME_ROLE}")
            call_command("migrate", verbosity=0, interactive=False)
            cursor.execute(
                "SELECT privilege_type FROM information_schema.role_table_grants"
                " WHERE grantee = %s AND table_name = 'queueing_event' ORDER BY 1",
                [settings.RUNTIME_ROLE],
            )
            assert cursor.fetchall() == [("INSERT",), ("SELECT",)]


def room_form(name):
    management = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0", "MIN_NUM_FORMS": "0", "MAX_NUM_FORMS": "1000"}
    return {"name": name, "is_open": "on", **{f"serves-{key}": value for key, value in management.items()}}
