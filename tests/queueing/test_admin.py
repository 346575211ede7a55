"""Completion is a person's own act in the admin; nothing else here changes a ticket."""

from __future__ import annotations

import ast
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from queueing import history, tickets
from queueing.models import Room, RoomService, Ticket
from tests.conftest import NINE

Status = Ticket.Status
SOURCE = Path(__file__).parent.parent.parent


@pytest.fixture
def called(issue, room, sofia):
    return tickets.call(ticket_id=issue().pk, room_id=room.pk, actor=sofia, at=NINE)


@pytest.fixture
def sign_in(client):
    def sign_in(user):
        client.force_login(user)
        return client

    return sign_in


def page(name, *args):
    return reverse(f"admin:queueing_ticket_{name}", args=args)


def told(response):
    return [str(message) for message in response.context["messages"]]


class TestComplete:
    def test_asks_first_and_changes_nothing(self, called, omar, sign_in):
        response = sign_in(omar).get(page("complete", called.pk))

        assert response.status_code == 200
        assert "A-001" in response.content.decode()
        assert Ticket.objects.get(pk=called.pk).status == Status.CALLED

    def test_completes_when_the_person_says_so(self, called, omar, sign_in):
        response = sign_in(omar).post(page("complete", called.pk), {"outcome": "seen"}, follow=True)

        ticket = Ticket.objects.get(pk=called.pk)
        assert (ticket.status, ticket.completed_by, ticket.outcome) == (Status.COMPLETED, "omar", "seen")
        assert told(response) == ["A-001 is completed."]
        assert history.of(ticket)[0].verb == "ticket.completed"

    def test_needs_a_reason_for_an_unusual_outcome(self, called, omar, sign_in):
        response = sign_in(omar).post(page("complete", called.pk), {"outcome": "left"})

        assert "Please give a reason" in response.content.decode()
        assert Ticket.objects.get(pk=called.pk).status == Status.CALLED

    def test_refuses_who_may_not(self, called, ada, sign_in):
        assert sign_in(ada).post(page("complete", called.pk), {"outcome": "seen"}).status_code == 403
        assert Ticket.objects.get(pk=called.pk).status == Status.CALLED

    def test_sends_who_is_no_staff_to_sign_in(self, called, maria, sign_in):
        assert sign_in(maria).post(page("complete", called.pk), {"outcome": "seen"}).status_code == 302
        assert Ticket.objects.get(pk=called.pk).status == Status.CALLED

    def test_says_what_happened_to_one_that_is_done_already(self, called, omar, sofia, sign_in):
        tickets.complete(ticket_id=called.pk, outcome="seen", actor=sofia, at=NINE)

        response = sign_in(omar).post(page("complete", called.pk), {"outcome": "seen"}, follow=True)

        assert told(response) == ["A-001 is completed (Room 1): sofia did that at 09:00. Nothing was changed."]

    @pytest.mark.parametrize("ids", ["x", "1,x", "999999"])
    def test_knows_no_ticket_that_is_not_there(self, ids, omar, sign_in):
        assert sign_in(omar).get(page("complete", ids)).status_code == 404

    def test_takes_many_and_names_each_that_it_could_not(self, called, issue, omar, sign_in):
        waiting = issue()
        both = {"action": "complete", "_selected_action": [called.pk, waiting.pk]}
        client = sign_in(omar)

        asked = client.post(page("changelist"), both, follow=True)
        done = client.post(asked.request["PATH_INFO"], {"outcome": "seen"}, follow=True)

        assert "cannot be completed" in asked.content.decode()
        assert told(done)[0] == "A-001 is completed."
        assert told(done)[1].startswith("A-002 is waiting")
        assert Ticket.objects.get(pk=waiting.pk).status == Status.WAITING

    def test_is_no_action_for_who_may_not(self, called, ada, sign_in):
        assert "complete" not in sign_in(ada).get(page("changelist")).content.decode().split("changelist-form")[1]


class TestReopen:
    @pytest.fixture
    def completed(self, called, sofia):
        return tickets.complete(ticket_id=called.pk, outcome="seen", actor=sofia, at=NINE)

    def test_reopens_with_a_reason(self, completed, sofia, sign_in):
        client = sign_in(sofia)
        assert client.get(page("reopen", completed.pk)).status_code == 200

        client.post(page("reopen", completed.pk), {"reason": "came back"})

        ticket = Ticket.objects.get(pk=completed.pk)
        assert (ticket.status, ticket.completed_by) == (Status.SERVING, "")
        assert history.of(ticket)[0].reason == "came back"

    def test_needs_a_reason(self, completed, sofia, sign_in):
        sign_in(sofia).post(page("reopen", completed.pk), {"reason": " "})

        assert Ticket.objects.get(pk=completed.pk).status == Status.COMPLETED

    def test_refuses_who_may_not(self, completed, omar, sign_in):
        assert sign_in(omar).post(page("reopen", completed.pk), {"reason": "came back"}).status_code == 403

    def test_says_so_when_it_is_not_completed(self, called, sofia, sign_in):
        response = sign_in(sofia).post(page("reopen", called.pk), {"reason": "came back"}, follow=True)

        assert told(response)[0].startswith("A-001 is called (Room 1)")


class TestToComplete:
    def test_lists_who_is_in_a_room_and_loads_itself_again(self, called, issue, omar, sign_in):
        issue()

        response = sign_in(omar).get(page("to_complete"))

        assert [ticket.code for ticket, _ in response.context["rows"]] == ["A-001"]
        assert response.headers["Refresh"] == "15"

    def test_says_when_nobody_is_there(self, omar, sign_in):
        assert "Nobody is in a room" in sign_in(omar).get(page("to_complete")).content.decode()

    def test_refuses_who_may_not(self, ada, sign_in):
        assert sign_in(ada).get(page("to_complete")).status_code == 403


class TestTickets:
    def test_are_listed_with_place_and_wait(self, called, issue, ada, sign_in):
        issue(), issue(priority="high")

        rows = sign_in(ada).get(page("changelist")).context["cl"].result_list

        assert {t.code: t._ahead + 1 for t in rows if t.is_waiting} == {"A-003": 1, "A-002": 2}

    def test_have_times_of_twenty_four_hours(self, called, ada, sign_in):
        assert "2 Mar 2026 09:00" in sign_in(ada).get(page("changelist")).content.decode()

    def test_stop_waiting_when_they_are_cancelled(self, issue, sofia, ada, sign_in):
        tickets.cancel(ticket_id=issue().pk, actor=sofia, at=NINE + timedelta(minutes=7))

        answer = sign_in(ada).get(page("changelist"))

        assert '<td class="field-waited">7 min</td>' in answer.content.decode()

    @pytest.mark.parametrize("search", ["A-001", "P-77", "Example"])
    def test_are_found(self, search, issue, make_patient, ada, sign_in):
        issue(patient=make_patient(reference="P-77", name="Ana Example")), issue()

        found = sign_in(ada).get(page("changelist"), {"q": search}).context["cl"].result_list

        assert [t.code for t in found] == ["A-001"]

    def test_list_costs_the_same_however_long(self, issue, ada, sign_in, django_assert_max_num_queries):
        client = sign_in(ada)
        for count in (3, 20):
            for _ in range(count):
                issue()
            with django_assert_max_num_queries(12):
                client.get(page("changelist"))

    def test_cannot_be_added_changed_or_deleted(self, called, admin_user, sign_in):
        client = sign_in(admin_user)

        assert client.get(page("add")).status_code == 403
        assert client.post(page("change", called.pk), {"status": "completed"}).status_code == 403
        assert client.post(page("delete", called.pk), {"post": "yes"}).status_code == 403
        assert Ticket.objects.get(pk=called.pk).status == Status.CALLED

    def test_show_their_history_and_never_the_token(self, called, ada, sign_in):
        client = sign_in(ada)

        shown = client.get(page("history", called.pk)).content.decode()
        change = client.get(page("change", called.pk)).content.decode()

        assert "sofia called A-001 to Room 1" in shown
        assert "sofia" in shown
        assert called.token not in shown + change


class TestSetUp:
    def test_records_a_plain_save_with_its_user(self, room, service, sofia, sign_in):
        line = RoomService.objects.get()
        form = {
            "name": "Room 9",
            "serves-TOTAL_FORMS": 1,
            "serves-INITIAL_FORMS": 1,
            "serves-0-id": line.pk,
            "serves-0-room": room.pk,
            "serves-0-service": service.pk,
            "serves-0-DELETE": "on",
        }

        response = sign_in(sofia).post(reverse("admin:queueing_room_change", args=[room.pk]), form)

        assert response.status_code == 302
        event = history.of(Room.objects.get())[0]
        assert (event.verb, event.actor, event.changes["name"]) == ("room.changed", "sofia", ["Room 1", "Room 9"])
        assert history.of(line)[0].actor == "sofia"

    def test_deletes_a_room_with_its_history(self, make_room, service, sofia, sign_in):
        room = make_room(service)

        sign_in(sofia).post(reverse("admin:queueing_room_delete", args=[room.pk]), {"post": "yes"})

        assert not Room.objects.exists()
        assert history.of(room)[0].verb == "room.removed"

    def test_shows_every_page_to_who_may_see_it(self, called, admin_user, make_patient, sign_in):
        client = sign_in(admin_user)
        for model in apps.get_app_config("queueing").get_models():
            if admin.site.is_registered(model):
                name = f"admin:queueing_{model._meta.model_name}"
                assert client.get(reverse(f"{name}_changelist")).status_code == 200, name

    def test_has_no_inline_script_or_style(self, called, admin_user, sign_in):
        client = sign_in(admin_user)
        for name, args in [("changelist", []), ("complete", [called.pk]), ("change", [called.pk]), ("to_complete", [])]:
            body = client.get(page(name, *args)).content.decode()
            assert "<style" not in body.lower(), name
            assert "<script>" not in body, name
            assert " style=" not in body, name
            assert " onclick=" not in body, name


class TestNothingElseCompletes:
    def test_one_function_writes_completed(self):
        """Every assignment of the status in the product is read; one of them completes."""
        writers = []
        for path in [p for app in ("clinic", "queueing", "notifications") for p in (SOURCE / app).rglob("*.py")]:
            for function in ast.walk(ast.parse(path.read_text())):
                if isinstance(function, ast.FunctionDef):
                    writers += [
                        f"{path.name}:{function.name}"
                        for node in ast.walk(function)
                        if isinstance(node, ast.Assign) and "COMPLETED" in ast.unparse(node.value)
                    ]
        assert writers == ["tickets.py:complete"]

    def test_only_the_confirmation_page_calls_it(self):
        callers = [
            path.relative_to(SOURCE).as_posix()
            for app in ("clinic", "queueing", "notifications")
            for path in (SOURCE / app).rglob("*.py")
            if "tickets.complete" in path.read_text()
        ]
        assert callers == ["queueing/completion.py"]
