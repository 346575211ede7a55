"""The supervisor's view, and how a browser's desk is set."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from notifications.models import Activity
from queueing import tickets
from queueing.models import Display
from tests.clinic.conftest import text

pytestmark = pytest.mark.django_db(transaction=True)  # verbs insist on a transaction of their own


def minutes_ago(number):
    return timezone.now() - timedelta(minutes=number)


class TestOverview:
    @pytest.fixture
    def look(self, sign_in, sofia):
        return lambda: text(sign_in(sofia).get("/desk/overview/"))

    @pytest.mark.parametrize(("minutes", "word"), [(5, ""), (24, "near target"), (31, "over target")])
    def test_tells_the_longest_wait_against_the_target(self, look, sign_in, sofia, issue, minutes, word):
        issue(at=minutes_ago(minutes))

        for page in (look(), text(sign_in(sofia).get("/desk/"))):
            assert f"{minutes} min" in page
            assert [told for told in ("near target", "over target") if told in page] == [word] * bool(word)

    def test_marks_a_call_to_which_nobody_comes(self, look, issue, room, sofia):
        ticket = tickets.call(ticket_id=issue().pk, room_id=room.pk, actor=sofia, at=minutes_ago(2))
        assert "nobody has come" not in look()

        tickets.recall(ticket_id=ticket.pk, actor=sofia, at=minutes_ago(3))
        assert "Called 3 min ago, nobody has come" in look()

        tickets.start(ticket_id=ticket.pk, actor=sofia, at=minutes_ago(1))
        assert "With patient 1 min" in look()

    def test_tells_which_screens_live(self, look, sign_in, maria):
        for name in ("Hall", "Stairs", "Cellar"):
            Display.objects.create(name=name, slug=name.lower())
        Activity.objects.create(at=minutes_ago(0), kind="display.beat", detail={"display": "hall", "audio": "blocked"})
        Activity.objects.create(at=minutes_ago(2), kind="display.beat", detail={"display": "stairs", "audio": "ok"})

        page = look()

        assert re.search(r"Hall</b> <span[^>]*>● live</span> <span[^>]*>◆ sound is blocked", page)
        assert re.search(r"Stairs</b> <span[^>]*>▲ silent since", page)
        assert re.search(r"Cellar</b> <span[^>]*>▲ silent for more than an hour", page)
        assert re.search(r"1 screen live, <b[^>]*>2 silent</b>", text(sign_in(maria).get("/desk/")))

    def test_leads_to_the_completion_of_whoever_is_with_a_clinician(self, look, called, sofia):
        address = reverse("admin:queueing_ticket_complete", args=[called.pk])
        assert address not in look()

        tickets.start(ticket_id=called.pk, actor=sofia, at=minutes_ago(3))

        page = look()
        assert f"{called.code}</span> · {called.room} · With patient 3 min" in page
        assert f'href="{address}"' in page

    def test_gives_htmx_only_what_may_have_changed(self, sign_in, sofia, service):
        page = text(sign_in(sofia, by_htmx=True).get("/desk/overview/"))

        assert "<html" not in page
        assert 'id="overview"' in page

    def test_is_for_those_who_complete_or_set_up(self, sign_in, client, maria, omar, ada):
        assert sign_in(omar).get("/desk/overview/").status_code == 200
        assert sign_in(maria).get("/desk/overview/").status_code == 403
        assert sign_in(ada).get("/desk/overview/").status_code == 403
        assert client.get("/desk/overview/").status_code == 302
        assert "/desk/overview/" not in text(sign_in(maria).get("/desk/"))


class TestShown:
    def test_tells_the_desk_where_and_when_a_call_was_seen(self, desk, called):
        Display.objects.create(name="Hall", slug="hall")
        for seconds, call in ((7, f"{called.pk}-1"), (9, f"{called.pk}-1"), (2, f"{called.pk}-2"), (1, "x")):
            at = called.called_at + timedelta(seconds=seconds)
            Activity.objects.create(at=at, kind="call.shown", detail={"display": "hall", "call": call})

        assert "Shown on Hall at 09:05:07." in text(desk.get("/desk/"))

    def test_says_nothing_of_a_call_that_nobody_has_shown(self, desk, called):
        Display.objects.create(name="Hall", slug="hall")

        assert "Shown on Hall" not in text(desk.get("/desk/"))


class TestSettings:
    def test_remember_the_room_that_the_keyboard_calls_to(self, desk, issue, make_room, service):
        issue()
        first, second = make_room(service), make_room(service)

        def next_room():
            page = desk.get("/desk/").content.decode()
            return int(re.search(r'id="next-(\d+)"\s+aria-keyshortcuts="F8"', page)[1])

        assert next_room() == first.pk
        assert desk.post("/desk/settings/", {"room": second.pk}).headers["Location"] == "/desk/"
        assert next_room() == second.pk
        assert desk.cookies["desk_room"]["max-age"] == 365 * 24 * 60 * 60
        desk.post("/desk/settings/", {"room": ""})
        assert next_room() == first.pk

    def test_switch_keys_and_hints_off(self, desk, issue, room):
        issue()
        assert "<kbd>F2</kbd>" in desk.get("/desk/").content.decode()

        desk.post("/desk/settings/", {"shortcuts": "off"})

        page = desk.get("/desk/").content.decode()
        assert "F8" not in page
        assert "aria-keyshortcuts" not in page
        assert 'data-shortcuts="off"' in page

    @pytest.mark.parametrize("sent", [{"room": "x"}, {"shortcuts": "maybe"}, {}, {"room": "9" * 30}])
    def test_that_are_nonsense_change_nothing(self, desk, room, sent):
        assert desk.post("/desk/settings/", sent).status_code == 302
        assert not {"desk_room", "desk_shortcuts"} & {n for n, c in desk.cookies.items() if c.value in ("x", "maybe")}
        assert desk.get("/desk/").status_code == 200
