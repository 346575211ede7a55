"""The page "Delivery" says in words how every sink is doing, and marks what asks for a person."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from notifications import health, overview, progress
from notifications.models import Comparison, Cursor, DeadLetter, WorkerBeat

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])


@pytest.fixture
def page(client, ada):
    """What Ada reads: name -> (words, whether it is marked), of one card or of what is around them."""

    def read(place):
        client.force_login(ada)
        soup = BeautifulSoup(client.get(reverse("admin:notifications_cursor_changelist")).content, "html.parser")
        card = soup.find(attrs={"aria-labelledby": place})
        facts = {fact.dt: fact for fact in card.select("dl > div")}
        found = {
            words(dt).lstrip("▲ "): (words(fact.dd), "problem" in fact.get("class", [])) for dt, fact in facts.items()
        }
        return {"": words(soup.select_one(".light")), "state": words(card.h2), **found}

    return read


def words(element):
    return " ".join(element.get_text().split())


def letter(number, at):
    row = {"sink": "replica", "model": "queueing.patient", "object_id": number, "error": "DataError 22P05"}
    return DeadLetter.objects.create(**row, parked_at=at)


class TestPage:
    def test_of_a_clinic_in_which_nothing_was_delivered_yet(self, page, redis):
        audit, around = page("sink-audit"), page("around")

        assert audit["state"] == "audit Working"
        assert audit["Waits"] == ("nothing", False)
        assert audit["Last batch"] == ("none yet", False)
        assert around["Workers"] == ("none has ever been heard", True)
        assert around["Head of the audit trail"] == ("nothing sealed yet", False)

    def test_when_all_is_well(self, page, clinic, redis):
        call_command("deliver", once=True)
        WorkerBeat.objects.create(worker="host:1", at=timezone.now(), wake_path="listen")
        Comparison.objects.create(at=timezone.now(), rows=9, differences=2, repaired=True)

        audit, around = page("sink-audit"), page("around")

        assert around[""].startswith("All is well as of ")
        assert not [name for name, fact in {**audit, **around}.items() if fact[1] is True]
        assert around["Workers"] == ("host:1", False)
        assert around["Wake"] == ("woken on commit", False)
        assert around["Holds readers in order back"] == ("nobody", False)
        assert around["Head of the audit trail"][0].startswith("#")
        assert "2 differences, repaired at" in around["Last comparison with the replica"][0]
        assert " events in " in audit["Last batch"][0]

    def test_when_it_is_not(self, page, clinic, redis):
        now = timezone.now()
        state = {"failures": 5, "error": "OperationalError: refused", "retry_at": now, "leader": "host:1", "epoch": 3}
        Cursor.objects.create(sink="replica", state="open", updated_at=now, **state)
        for number in (1, 2):
            letter(number, now)
        Comparison.objects.create(at=now, rows=9, differences=1)

        replica, around = page("sink-replica"), page("around")

        assert replica[""].startswith("Somebody should look at what is marked")
        assert replica["state"] == "replica Waiting after failures"
        assert replica["Leader"] == ("host:1 (number 3)", False)
        assert replica["Failures in a row"] == ("5", True)
        assert replica["Error"] == ("OperationalError: refused", True)
        assert replica["Dead letters"][0].startswith("2, the oldest of ")
        assert " events, " in replica["Waits"][0]
        assert around["Last comparison with the replica"][1]

    def test_links_dead_letters_and_batches(self, client, ada, redis):
        letter(1, timezone.now())
        client.force_login(ada)

        soup = BeautifulSoup(client.get(reverse("admin:notifications_cursor_changelist")).content, "html.parser")

        (link,) = soup.select(".card a")
        assert client.get(link["href"]).context["cl"].result_count == 1


class TestContext:
    def test_says_what_is_unknown(self):
        cards = overview.context({**health.UNKNOWN, "channel_layer": "ok", "replica": "ok", "activity_dropped": 0})[
            "cards"
        ]

        assert [(card.state, card.problem) for card in cards] == [("Unknown", True)] * len(progress.SINKS)

    @pytest.mark.parametrize(
        ("seconds", "said"), [(0.0, "0 s"), (0.53, "0.53 s"), (31.7, "32 s"), (185, "3 min"), (7300, "2 h")]
    )
    def test_says_how_long(self, seconds, said):
        holder = {"pid": 7, "application": "psql", "seconds": seconds}
        report = {**health.UNKNOWN, "horizon": holder, "channel_layer": "ok", "replica": "ok", "activity_dropped": 0}

        (fact,) = [fact for fact in overview.context(report)["around"] if "back" in fact.name]

        assert fact.words == f"psql (pid 7), open for {said}"
        assert fact.problem == (seconds > 30)

    def test_gives_the_day_of_what_is_older(self):
        sink = {**progress.UNKNOWN, "state": "working", "retry_at": (timezone.now() - timedelta(days=400)).isoformat()}
        report = {
            **health.UNKNOWN,
            "sinks": {"push": sink},
            "channel_layer": "ok",
            "replica": "ok",
            "activity_dropped": 0,
        }

        (fact,) = [fact for fact in overview.context(report)["cards"][0].facts if fact.name == "Next try"]

        assert str((timezone.localtime() - timedelta(days=400)).year) in fact.words
