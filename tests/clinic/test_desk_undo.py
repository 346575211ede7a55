"""What a press carries along: the version it saw, its key; and how it is taken back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from clinic.verbs import VERBS
from queueing import history, ordering, tickets, undoing
from queueing.models import Ticket
from tests.clinic.conftest import text

pytestmark = pytest.mark.django_db(transaction=True)  # verbs insist on a transaction of their own


@pytest.fixture
def waiting(issue):
    return issue(at=timezone.now())


def version(ticket):
    return history.latest(ticket).pk


class TestVersions:
    def test_stand_on_every_button_of_a_row_and_a_room(self, desk, waiting, issue, room, sofia):
        called = issue(at=timezone.now())
        tickets.call(ticket_id=called.pk, room_id=room.pk, actor=sofia, at=timezone.now())

        page = text(desk.get("/desk/")) + text(desk.get(f"/desk/tickets/{waiting.pk}/"))

        acts = re.findall(r'ction="/desk/tickets/(\d+)/[\w-]+/\?version=(\d*)', page)
        assert {(int(pk), int(seen)) for pk, seen in acts} == {(t.pk, version(t)) for t in (waiting, called)}
        assert not re.findall(r'ction="/desk/tickets/\d+/[\w-]+/(?!\?version=\d)', page)

    def test_refuse_what_was_changed_meanwhile(self, sign_in, maria, omar, waiting):
        seen = version(waiting)
        sign_in(omar).post(f"/desk/tickets/{waiting.pk}/prioritise/?version={seen}", {"priority": "high"})

        late = sign_in(maria, by_htmx=True).post(f"/desk/tickets/{waiting.pk}/hold/?version={seen}")

        assert late.status_code == 409
        assert late.headers["X-Refusal"] == "stale_version"
        assert 'data-code="stale_version"' in text(late)
        assert re.search(r"omar changed the priority of A-001 at \d\d:\d\d\. Nothing was changed\.", text(late))
        waiting.refresh_from_db()
        assert waiting.status == "waiting"

    def test_say_less_than_the_state(self, sign_in, maria, omar, waiting, room):
        seen = version(waiting)
        sign_in(omar).post(f"/desk/tickets/{waiting.pk}/call/?version={seen}", {"room_id": room.pk})

        late = sign_in(maria).post(f"/desk/tickets/{waiting.pk}/call/?version={seen}", {"room_id": room.pk})

        assert (late.status_code, late.headers["X-Refusal"]) == (409, "already_called")

    def test_that_are_none_are_refused(self, desk, waiting):
        answer = desk.post(f"/desk/tickets/{waiting.pk}/hold/?version=x")

        assert (answer.status_code, answer.headers["X-Refusal"]) == (422, "invalid")

    def test_know_nothing_of_a_line_that_was_spread(self, desk, waiting, issue):
        last = [issue(at=waiting.issued_at) for _ in range(4)][2]
        seen = version(last)
        with transaction.atomic():
            (line,) = ordering.lock(waiting.service_id)
            ordering.renumber(line)
        assert history.of(last).first().verb == history.RENUMBERED

        assert desk.post(f"/desk/tickets/{last.pk}/hold/?version={seen}").status_code == 302


class TestKeys:
    @pytest.mark.parametrize(
        ("verb", "sent", "calls"),
        [
            ("recall", {}, True),
            ("start", {}, True),
            ("miss", {}, True),
            ("put-back", {}, True),
            ("hold", {}, False),
            ("prioritise", {"priority": "high"}, False),
            ("cancel", {"reason": "went home"}, False),
        ],
    )
    def test_let_a_form_that_is_sent_twice_happen_once(self, desk, waiting, room, sofia, verb, sent, calls):
        if calls:
            tickets.call(ticket_id=waiting.pk, room_id=room.pk, actor=sofia, at=timezone.now())
        path = f"/desk/tickets/{waiting.pk}/{verb}/?version={version(waiting)}"
        before = history.of(waiting).count()

        for _ in range(2):
            assert desk.post(path, {**sent, "key": "k" * 32}).status_code == 302

        assert history.of(waiting).count() == before + 1

    def test_stand_in_every_form_of_a_row_and_a_room(self, desk, waiting, issue, room, sofia):
        tickets.call(ticket_id=issue().pk, room_id=room.pk, actor=sofia, at=timezone.now())

        page = desk.get("/desk/").content.decode() + desk.get(f"/desk/tickets/{waiting.pk}/").content.decode()

        forms = re.findall(r'<form[^>]*method="post"[^>]*action="(/desk/(?!settings)[^"]*)".*?</form>', page, re.S)
        keyed = re.findall(r'<form[^>]*method="post"[^>]*action="(/desk/[^"]*)"(?:(?!</form>).)*name="key"', page, re.S)
        assert len(forms) > len(VERBS) / 2
        assert set(forms) == set(keyed)


class TestUndo:
    def test_is_offered_beside_what_was_done_and_takes_it_back(self, desk, waiting):
        page = text(desk.post(f"/desk/tickets/{waiting.pk}/cancel/", follow=True))
        path = f"/desk/events/{version(waiting)}/undo/"
        assert f'action="{path}"' in page

        answer = text(desk.post(path, follow=True))

        assert "Taken back: A-001 is waiting." in answer
        assert f'action="{path}"' not in answer
        waiting.refresh_from_db()
        assert (waiting.status, waiting.ended_at) == ("waiting", None)

    def test_comes_back_to_the_line_that_was_shown(self, desk, waiting):
        desk.post(f"/desk/tickets/{waiting.pk}/hold/")
        path = f"/desk/events/{version(waiting)}/undo/?service={waiting.service_id}"

        assert desk.post(path).headers["Location"] == f"/desk/?service={waiting.service_id}"

    def test_is_not_offered_for_what_was_heard(self, sign_in, maria, waiting, room, sofia):
        tickets.call(ticket_id=waiting.pk, room_id=room.pk, actor=sofia, at=timezone.now())

        answer = text(sign_in(maria, by_htmx=True).post(f"/desk/tickets/{waiting.pk}/recall/"))

        assert "called again" in answer
        assert "/undo/" not in answer

    def test_says_why_not(self, desk, waiting, issue, sofia):
        old = issue(at=timezone.now() - timedelta(minutes=11))
        for event_id, code in ((version(old), "too_late"), (_taken_back(sofia, waiting), "not_undoable")):
            answer = desk.post(f"/desk/events/{event_id}/undo/")
            assert (answer.status_code, answer.headers["X-Refusal"]) == (409, code)

    def test_refuses_who_may_not(self, sign_in, ada, waiting):
        assert sign_in(ada).post(f"/desk/events/{version(waiting)}/undo/").status_code == 403

    def test_of_what_did_not_happen_is_not_found(self, desk):
        assert desk.post("/desk/events/999999/undo/").status_code == 404

    def test_is_not_done_by_looking(self, desk, waiting):
        assert desk.get(f"/desk/events/{version(waiting)}/undo/").status_code == 405

    def test_stands_in_the_history_of_the_ticket_for_ten_minutes(self, desk, waiting, issue):
        old = issue(at=timezone.now() - timedelta(minutes=11))

        assert f"/desk/events/{version(waiting)}/undo/" in text(desk.get(f"/desk/tickets/{waiting.pk}/"))
        assert "/undo/" not in text(desk.get(f"/desk/tickets/{old.pk}/"))

    def test_lists_what_i_did_and_nobody_else(self, desk, waiting):
        desk.post(f"/desk/tickets/{waiting.pk}/hold/")
        desk.post(f"/desk/tickets/{waiting.pk}/release/")

        mine = text(desk.get("/desk/")).partition('id="mine"')[2]

        assert re.findall(r"<span>(\w+) (let|put) A-001", mine) == [("maria", "let"), ("maria", "put")]
        assert mine.count("/undo/") == 1  # of the latest, and nothing of what sofia did

    def test_makes_no_explanation_of_what_was_taken_back(self, desk, waiting, issue, sofia):
        second = issue(at=timezone.now())
        tickets.move(ticket_id=second.pk, place=1, reason="faint", actor=sofia, at=timezone.now())
        assert "moved by sofia" in text(desk.get("/desk/"))

        desk.post(f"/desk/events/{version(second)}/undo/")

        assert "moved by sofia" not in text(desk.get("/desk/"))


def _taken_back(sofia, ticket):
    """An event that took something back."""
    held = tickets.hold(ticket_id=ticket.pk, actor=sofia, at=timezone.now())
    undoing.undo(event_id=version(held), actor=sofia, at=timezone.now())
    assert Ticket.objects.get(pk=ticket.pk).status == "waiting"
    return version(held)
