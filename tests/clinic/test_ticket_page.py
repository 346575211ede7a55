"""What a patient sees on the page of a ticket, without JavaScript."""

from __future__ import annotations

import re
import time
from datetime import timedelta

import pytest
from django.test import Client

from clinic import ticket_page
from queueing import history, self_service, tickets
from queueing.models import Event, Room, Ticket
from tests.clinic.conftest import text
from tests.conftest import NINE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("now")]

Status = Ticket.Status


def minutes(number):
    return NINE + timedelta(minutes=number)


@pytest.fixture
def phone(client):
    """Opens the page of a ticket, and presses what stands on it."""

    class Phone:
        def open(self, ticket, query=""):
            return client.get(f"/t/{ticket.token}/{query}")

        def press(self, ticket, verb, query=""):
            """With the key that the page has now."""
            page = self.open(ticket).content.decode()
            key = re.search(r'name="key" value="([^"]+)"', page)
            return client.post(f"/t/{ticket.token}/{verb}/{query}", {"key": key and key[1]} if key else {})

    return Phone()


def headers(response):
    """All but the clock's."""
    return tuple(sorted((name, value) for name, value in response.headers.items() if name != "Expires"))


class TestWaiting:
    def test_tells_place_range_time_and_why(self, phone, issue, make_room, service):
        make_room(service), make_room(service), make_room(service, is_open=False)
        for _ in range(4):
            issue()
        ticket = issue()

        page = text(phone.open(ticket))

        assert "A-005" in page
        assert "4 people are ahead of you" in page
        assert "About <b>15 to 30 minutes</b>" in page
        assert "Estimated at 09:00" in page
        assert "2 of 3 rooms are open. Urgent patients may go first, so it can take longer." in page
        assert "General practice" in page

    def test_says_who_is_next(self, phone, issue, room):
        assert "You are next" in text(phone.open(issue()))

    def test_promises_nothing_while_no_room_is_open(self, phone, issue, room):
        room.is_open = False
        with history.operation(actor="setup"):
            room.save()

        page = text(phone.open(issue()))

        assert "No room is open at the moment" in page
        assert "minutes</b>" not in page

    def test_says_when_it_takes_longer_than_was_told(self, phone, issue, room, now):
        ticket = issue()
        now.at = minutes(ticket.estimate_high)
        assert "minutes</b>" in text(phone.open(ticket))

        now.at += timedelta(seconds=1)

        page = text(phone.open(ticket))
        assert "Longer than we expected. You are not forgotten." in page
        assert "minutes</b>" not in page

    def test_counts_the_time_that_was_asked_for(self, issue):
        ticket = issue()
        ticket = self_service.take_more_time(ticket_id=ticket.pk, at=NINE)

        assert not ticket_page.is_late(ticket, minutes(ticket.estimate_high + 10))
        assert ticket_page.is_late(ticket, minutes(ticket.estimate_high + 11))

    def test_does_not_grow_with_the_line(self, phone, issue, room, django_assert_num_queries):
        ticket = [issue() for _ in range(9)][-1]

        with django_assert_num_queries(5):
            phone.open(ticket)


class TestStates:
    @pytest.mark.parametrize(
        ("status", "words"),
        [
            (Status.HELD, "Your ticket is on hold"),
            (Status.CALLED, "Please come in"),
            (Status.SERVING, "You are with a clinician"),
            (Status.MISSED, "We called you at 09:00. Please go to the desk."),
            (Status.COMPLETED, "Thank you for your visit"),
            (Status.CANCELLED, "This ticket is cancelled"),
        ],
    )
    def test_are_told_in_words(self, phone, issue, at, room, status, words):
        ticket = at(issue(), status, room)

        assert words in text(phone.open(ticket))

    def test_called_shows_the_room_and_says_it_in_the_title(self, phone, issue, at, room):
        page = text(phone.open(at(issue(), Status.CALLED, room)))

        assert f"<title> Your turn: {room} · A-001" in page
        assert f"<bdi>{room}</bdi>" in page

    def test_harm_nothing_in_a_rooms_name(self, phone, issue, at, make_room, service):
        room = make_room(service, name='<b onclick="x">"Room" & 1')
        page = text(phone.open(at(issue(), Status.CALLED, room)))

        assert "<b onclick" not in page
        assert "&lt;b onclick=&quot;x&quot;&gt;" in page


class TestButtons:
    def test_coming_tells_the_desk(self, phone, issue, at, room):
        ticket = at(issue(), Status.CALLED, room)
        assert 'id="coming"' in text(phone.open(ticket))

        assert phone.press(ticket, "coming").url == f"/t/{ticket.token}/"

        page = text(phone.open(ticket))
        assert "The desk knows that you are coming" in page
        assert 'id="coming"' not in page

    def test_more_time_is_offered_once(self, phone, issue):
        first, _second = issue(), issue()

        phone.press(first, "more-time")

        page = text(phone.open(first))
        assert "1 person is ahead of you" in page
        assert "You took more time" in page
        assert "I need 10 more minutes" not in page

    def test_leave_asks_first(self, phone, issue, client):
        ticket = issue()

        page = text(client.get(f"/t/{ticket.token}/leave/"))

        assert "Yes, leave the line" in page
        assert Ticket.objects.get().status == Status.WAITING

    def test_leave_can_be_undone_for_ten_minutes(self, phone, issue, now):
        ticket = issue()
        phone.press(ticket, "leave")
        assert "Take my place again" in text(phone.open(ticket))
        now.at = minutes(11)
        assert "Take my place again" not in text(phone.open(ticket))
        now.at = minutes(9)

        phone.press(ticket, "undo")

        assert "You are next" in text(phone.open(ticket))

    def test_pressed_twice_on_one_page_do_it_once(self, client, issue):
        ticket = issue()
        key = ticket_page.read(ticket, NINE).key

        answers = [client.post(f"/t/{ticket.token}/more-time/", {"key": key}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [302, 302]
        assert Event.objects.filter(verb="ticket.delayed").count() == 1

    @pytest.mark.parametrize("verb", ["coming", "undo"])
    def test_refuse_in_a_sentence_and_show_the_page(self, phone, issue, verb):
        answer = phone.press(issue(), verb)

        assert answer.status_code == 409
        assert 'role="alert"' in text(answer)
        assert "You are next" in text(answer)

    def test_answer_a_script_with_what_changed(self, phone, issue):
        ticket = issue()

        done = phone.press(ticket, "more-time", "?part=1")
        refused = phone.press(ticket, "coming", "?part=1")

        assert (done.status_code, refused.status_code) == (200, 409)
        assert text(done).startswith("<main") and text(refused).startswith("<main")

    def test_are_refused_when_they_are_pressed_too_often(self, phone, issue):
        first, second = issue(), issue()

        answers = [phone.press(first, "coming").status_code for _ in range(10)]

        assert answers == [409] * 10
        refused = phone.press(first, "leave")
        assert refused.status_code == 429
        assert "Please wait a minute" in text(refused)
        assert phone.press(second, "leave").status_code == 302

    def test_are_counted_again_after_a_minute(self, issue, monkeypatch):
        ticket = issue()
        assert [ticket_page.presses_too_often(ticket) for _ in range(11)] == [False] * 10 + [True]
        later = time.time() + ticket_page.PERIOD

        monkeypatch.setattr(time, "time", lambda: later)

        assert not ticket_page.presses_too_often(ticket)

    def test_never_name_who_works_here(self, phone, issue, sofia):
        ticket = issue()
        tickets.cancel(ticket_id=ticket.pk, actor=sofia, at=NINE)

        for verb in ("leave", "coming", "more-time", "undo"):
            assert "sofia" not in text(phone.press(ticket, verb))

    def test_need_no_cookie_and_no_referrer(self, issue):
        ticket = issue()
        strict = Client(enforce_csrf_checks=True)
        assert not strict.get(f"/t/{ticket.token}/").cookies

        answer = strict.post(f"/t/{ticket.token}/more-time/", headers={"Origin": "null"})

        assert answer.status_code == 302

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [("post", "", 405), ("get", "coming/", 405), ("put", "leave/", 405), ("post", "complete/", 404)],
    )
    def test_are_all_there_is(self, client, issue, method, path, status):
        assert getattr(client, method)(f"/t/{issue().token}/{path}").status_code == status


class TestToken:
    def test_unknown_malformed_and_expired_get_one_answer(self, client, issue, sofia, now):
        expired = issue()
        tickets.cancel(ticket_id=expired.pk, actor=sofia, at=NINE)
        now.at = NINE + timedelta(hours=2, seconds=1)
        tokens = [expired.token, "x" * 22, "x", "%00" * 22, "%F0%9F%98%80"]

        read = [client.get(f"/t/{token}/{path}") for token in tokens for path in ("", "leave/", "?part=1")]
        pressed = [client.post(f"/t/{token}/{verb}/") for token in tokens for verb in ("leave", "coming", "x")]

        for answers in (read, pressed):
            assert {answer.status_code for answer in answers} == {404}
            assert len({headers(answer) for answer in answers}) == 1
        assert len({answer.content for answer in read + pressed}) == 1
        assert "No ticket is here" in text(read[0])

    def test_is_told_to_nobody(self, phone, issue):
        answer = phone.open(issue())

        assert answer["Referrer-Policy"] == "no-referrer"
        assert "no-store" in answer["Cache-Control"]
        assert "noindex" in answer["X-Robots-Tag"]

    def test_shows_nothing_personal(self, phone, issue, make_patient):
        patient = make_patient(name="Ana Pereira", reference="P-4711", phone="555", show_name=True)
        ticket = issue(patient=patient)

        page = text(phone.open(ticket))

        assert not [word for word in ("Ana", "Pereira", "P-4711", "555") if word in page.replace(ticket.token, "")]


def test_rooms_of_other_services_do_not_count(phone, issue, make_room, make_service, room):
    make_room(make_service())
    assert Room.objects.count() == 2

    assert "One room is open." in text(phone.open(issue()))
