"""The simulated day: who comes, what a browser sends, what a wall shows, what a report says."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import fmean, median

import bs4
import pytest

from clinic.simulation import browser, day, report, staff
from clinic.simulation.play import Play
from clinic.simulation.wall import Wall
from notifications.sinks.replica import ReplicaSink
from queueing.models import Room

SERVICES = ["General practice", "Nurse", "Blood tests", "Physiotherapy"]
PER_HOUR = day.NUMBERS["arrivals_per_hour"]["values"]
DAYS = 300


@pytest.fixture(scope="module")
def days():
    return [day.draw(seed=seed, services=SERVICES) for seed in range(DAYS)]


@pytest.fixture(scope="module")
def everybody(days):
    return [patient for patients in days for patient in patients]


class TestDraw:
    def test_is_the_same_day_for_the_same_seed_and_another_for_another(self):
        first = day.draw(seed=7, services=SERVICES)

        assert first == day.draw(seed=7, services=SERVICES)
        assert first != day.draw(seed=8, services=SERVICES)

    def test_lets_as_many_come_in_each_hour_as_the_source_says(self, everybody):
        came = Counter(int(patient.arrives // 60) for patient in everybody)

        assert sorted(came) == list(range(6, 24))
        for hour, rate in enumerate(PER_HOUR, start=6):
            # Five standard errors of a Poisson mean over so many days.
            assert came[hour] / DAYS == pytest.approx(rate, abs=5 * (rate / DAYS) ** 0.5)

    def test_varies_from_day_to_day_as_a_poisson_process_does(self, days):
        numbers = [len(patients) for patients in days]

        variance = fmean((number - fmean(numbers)) ** 2 for number in numbers)
        assert variance / fmean(numbers) == pytest.approx(1, abs=0.4)

    def test_lets_them_come_in_order(self, days):
        assert all(earlier.arrives < later.arrives for earlier, later in pairwise(days[0]))

    def test_lets_consultations_take_as_long_as_the_source_says(self, everybody):
        minutes = [patient.minutes for patient in everybody]

        assert median(minutes) == pytest.approx(10.2, rel=0.02)
        assert fmean(minutes) == pytest.approx(14.4, rel=0.02)

    def test_gives_priorities_and_no_shows_their_shares(self, everybody):
        priorities = Counter(patient.priority for patient in everybody)

        assert priorities["high"] / len(everybody) == pytest.approx(0.12, abs=0.01)
        assert priorities["medium"] / len(everybody) == pytest.approx(0.30, abs=0.01)
        assert sum(not patient.comes for patient in everybody) / len(everybody) == pytest.approx(0.059, abs=0.005)

    def test_sends_people_only_to_services_that_are_open(self):
        assert {patient.service for patient in day.draw(seed=1, services=["Nurse", "X-ray"])} == {"Nurse", "X-ray"}

    def test_has_a_source_for_every_number(self):
        assert all(number["source"] for name, number in day.NUMBERS.items() if name != "opens_at_hour")


class TestFieldsOf:
    def test_sends_what_a_browser_sends(self):
        form = bs4.BeautifulSoup(
            """
            <form><input name="token" type="hidden" value="t"><input name="place" value="1"><input type="text">
            <input name="choice" type="radio" value="a"><input name="choice" type="radio" value="b" checked>
            <input name="ticked" type="checkbox" checked value="on"><input name="left" type="checkbox">
            <input name="send" type="submit" value="Send"><input name="closed" value="1" disabled></form>
            """,
            "html.parser",
        )

        sent = browser.fields_of(form, without={"place": "2"})

        assert sent == [("token", "t"), ("choice", "b"), ("ticked", "on")]


class TestCodeIn:
    def test_finds_the_code_in_a_sentence(self):
        assert staff.code_in("A-014 issued for General practice: about 5 to 10 minutes.") == "A-014"

    def test_refuses_a_sentence_without_one(self):
        with pytest.raises(browser.CannotGoOn, match="named no ticket"):
            staff.code_in("General practice is closed.")


def board(version, *calls, service=1):
    """Calls as `id code`, the latest first."""
    told = [dict(zip(("id", "code"), call.split(), strict=True)) for call in calls]
    return {"type": "board", "board": {"service": {"id": service, "name": "S"}, "version": version, "calls": told}}


class TestWall:
    @pytest.fixture
    def wall(self):
        return Wall("http://clinic.example/", "hall")

    def test_shows_each_call_once_however_often_it_hears_of_it(self, wall):
        wall.hear(board(1, "1-1 A-001"))
        wall.hear(board(2, "2-1 A-002", "1-1 A-001"))

        assert wall.shown == {"A-001": 1, "A-002": 1}

    def test_drops_a_board_that_is_not_newer(self, wall):
        wall.hear(board(2, "1-1 A-001"))
        wall.hear(board(2, "2-1 A-002"))
        wall.hear(board(1, "3-1 A-003"))

        assert wall.shown == {"A-001": 1}

    def test_counts_a_ticket_twice_that_the_clinic_gave_two_calls(self, wall):
        wall.hear(board(1, "1-1 A-001"))
        wall.hear(board(2, "1-2 A-001", "1-1 A-001"))

        assert wall.shown["A-001"] == 2

    @pytest.mark.parametrize(("site", "scheme"), [("http://h:1/", "ws://h:1"), ("https://h/", "wss://h")])
    def test_listens_where_the_pages_are(self, site, scheme):
        assert Wall(site, "hall").address == f"{scheme}/ws/display/hall/"


class Clinic:
    """One line, first come first served, without a network. Each person's part of `Play`."""

    def __init__(self):
        self.line, self.done, self.issued = [], [], 0

    def issue(self, *, service, priority):
        self.issued += 1
        self.line.append(f"A-{self.issued:03d}")
        return self.line[-1]

    def call_next(self, room):
        return staff.Called(ticket_id=1, code=self.line.pop(0))

    def start(self, called):
        self.done.append(("start", called.code))

    def miss(self, called):
        self.done.append(("miss", called.code))

    def complete(self, called):
        self.done.append(("complete", called.code))

    def listen(self, seconds):
        assert seconds == 0


def patient(arrives, minutes, *, comes=True, priority="low"):
    return day.Patient(arrives=arrives, service="Nurse", priority=priority, comes=comes, minutes=minutes)


class TestPlay:
    @pytest.fixture
    def clinic(self):
        return Clinic()

    @pytest.fixture
    def play(self, clinic):
        room = staff.Room(card="article#room-1", name="Room 1", services=frozenset(["Nurse"]))
        return Play(receptionist=clinic, clinician=clinic, wall=clinic, rooms=[room])

    def test_calls_one_after_the_other_and_measures_their_waits(self, play, clinic):
        play.run([patient(360, 10), patient(362, 5), patient(363, 5, comes=False)], speed=0, tell=lambda: None)

        assert clinic.done == [
            *[("start", "A-001"), ("complete", "A-001"), ("start", "A-002"), ("complete", "A-002"), ("miss", "A-003")],
        ]
        # Each consultation begins a minute after the call.
        assert play.waited["low"] == [0, 9, 14]
        assert (play.completed, play.missed) == (2, 1)
        assert play.clock == "06:20"

    def test_stops_when_somebody_else_is_called(self, play, clinic):
        clinic.line.append("B-001")

        with pytest.raises(browser.CannotGoOn, match="B-001 is no patient of this day"):
            play.run([patient(360, 10)], speed=0, tell=lambda: None)


class TestReport:
    def make(self, **changed):
        good = {
            **dict.fromkeys(["issued", "called", "shown"], 3),
            **{"completed": 2, "missed": 1, "wait_minutes": {}, "wall_seconds": 1.0, "audit_ok": True},
            **dict.fromkeys(["shown_twice", "not_shown", "integrity_problems", "replica_differences"], 0),
        }
        return report.Report(**{**good, **changed})

    def test_is_good_when_everything_came_out_right(self):
        assert self.make().is_good

    @pytest.mark.parametrize(
        "wrong",
        [
            {"completed": 1},
            {"shown_twice": 1},
            {"not_shown": 1},
            {"integrity_problems": 1},
            {"replica_differences": 1},
            {"replica_differences": None},
            {"audit_ok": False},
        ],
    )
    def test_is_not_good_when_anything_did_not(self, wrong):
        assert not self.make(**wrong).is_good

    def test_tells_mean_and_p90_of_each_priority(self):
        waits = report.waits({"high": [float(minutes) for minutes in range(11)], "low": [4.0]})

        assert waits == {"high": {"mean": 5.0, "p90": 9.0}, "medium": None, "low": {"mean": 4.0, "p90": 4.0}}


@pytest.mark.django_db(transaction=True, databases=["default", "replica"])
class TestReplicaDifferences:
    def test_are_not_known_before_the_replica_is_filled(self):
        assert report.replica_differences(seconds=0) is None

    def test_are_not_known_while_rows_are_on_their_way(self):
        ReplicaSink().step()
        Room.objects.create(name="Room 1")

        assert report.replica_differences(seconds=0) is None

    def test_are_the_rows_that_differ_then(self):
        Room.objects.create(name="Room 1")
        ReplicaSink().step()
        assert report.replica_differences(seconds=0) == 0

        Room.objects.using("replica").all()._raw_delete("replica")

        assert report.replica_differences(seconds=0) == 1
