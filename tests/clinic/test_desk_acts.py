"""What is pressed at the desk: call next, and all that can be done to one ticket."""

import pytest
from django.test import Client
from django.utils import timezone

from queueing import history, tickets
from queueing.models import Ticket
from tests.clinic.conftest import text

pytestmark = pytest.mark.django_db(transaction=True)  # verbs insist on a transaction of their own


class TestCallNext:
    def test_calls_the_first_of_the_rooms_lines(self, desk, issue, room):
        issue()

        answer = desk.post(f"/desk/rooms/{room.pk}/call-next/", follow=True)

        assert f"A-001 called to {room}." in text(answer)
        assert Ticket.objects.get().status == "called"

    def test_happens_once_for_a_form_that_is_sent_twice(self, desk, issue, room):
        issue()
        issue()

        for _ in range(2):
            assert desk.post(f"/desk/rooms/{room.pk}/call-next/", {"key": "k"}).status_code == 302

        assert Ticket.objects.filter(status="called").count() == 1

    def test_says_that_nobody_is_waiting(self, desk, room):
        answer = desk.post(f"/desk/rooms/{room.pk}/call-next/")

        assert answer.status_code == 409
        assert f"Nobody is waiting for {room}." in text(answer)

    def test_says_who_is_in_a_busy_room_since_when_and_how_to_complete_it(
        self, sign_in, maria, omar, called, room, issue
    ):
        issue()
        path = f"/desk/rooms/{room.pk}/call-next/"

        refused = sign_in(omar).post(path)

        assert refused.status_code == 409
        assert f"{room} is busy with A-001 since 09:05" in text(refused)
        assert f'href="/admin/queueing/ticket/{called.pk}/complete/">Complete A-001…' in text(refused)
        assert "Complete A-001" not in text(sign_in(maria).post(path))
        called.refresh_from_db()
        assert called.status == "called"

    def test_of_a_room_that_does_not_exist_is_not_found(self, desk):
        assert desk.post("/desk/rooms/999/call-next/").status_code == 404

    def test_refuses_who_has_no_right(self, sign_in, ada, room, issue):
        issue()

        assert sign_in(ada).post(f"/desk/rooms/{room.pk}/call-next/").status_code == 403

    def test_is_not_done_by_looking(self, desk, room):
        assert desk.get(f"/desk/rooms/{room.pk}/call-next/").status_code == 405


class TestAct:
    @pytest.mark.parametrize(
        ("verb", "sent", "status"),
        [
            ("hold", {"reason": "at X-ray"}, "held"),
            ("prioritise", {"priority": "high"}, "waiting"),
            ("move", {"place": 1, "reason": "faint"}, "waiting"),
            ("cancel", {"reason": "went home"}, "cancelled"),
        ],
    )
    def test_arranges_a_waiting_ticket(self, desk, issue, verb, sent, status):
        issue()
        ticket = issue()

        answer = desk.post(f"/desk/tickets/{ticket.pk}/{verb}/", sent, follow=True)

        ticket.refresh_from_db()
        assert ticket.status == status
        assert answer.status_code == 200
        assert "A-002" in str(list(answer.context["messages"])[0])

    @pytest.mark.parametrize(
        ("verb", "status"), [("recall", "called"), ("start", "serving"), ("miss", "missed"), ("put-back", "waiting")]
    )
    def test_goes_on_with_a_called_ticket(self, desk, called, verb, status):
        assert desk.post(f"/desk/tickets/{called.pk}/{verb}/").status_code == 302

        called.refresh_from_db()
        assert called.status == status

    def test_sends_on_to_another_service(self, desk, issue, make_service):
        nurse = make_service(name="Nurse")
        ticket = issue()

        answer = desk.post(f"/desk/tickets/{ticket.pk}/transfer/", {"service_id": nurse.pk}, follow=True)

        assert "A-001 now waits for Nurse." in text(answer)

    def test_calls_one_ticket_once_and_tells_the_other_desk_who_was_faster(
        self, sign_in, maria, omar, issue, make_room, service
    ):
        ticket, (first, second) = issue(), (make_room(service), make_room(service))
        path = f"/desk/tickets/{ticket.pk}/call/"
        assert sign_in(maria).post(path, {"room_id": first.pk}).status_code == 302

        late = sign_in(omar, by_htmx=True).post(path, {"room_id": second.pk})

        assert late.status_code == 409
        assert "A-001 is called" in text(late)
        assert "maria" in text(late)
        assert f'id="room-{first.pk}"' in text(late)
        ticket.refresh_from_db()
        assert ticket.room == first

    def test_repeats_the_answer_to_a_call_with_the_same_key(self, desk, issue, room):
        ticket = issue()

        for _ in range(2):
            sent = {"room_id": room.pk, "key": "k"}
            assert desk.post(f"/desk/tickets/{ticket.pk}/call/", sent).status_code == 302

        ticket.refresh_from_db()
        assert ticket.call_count == 1

    def test_shows_htmx_the_line_that_its_page_shows(self, sign_in, maria, issue, make_service):
        nurse = make_service(name="Nurse", prefix="N")
        ticket = issue()
        issue(service_id=nurse.pk)
        desk = sign_in(maria, by_htmx=True)

        page = f"http://testserver/desk/?service={nurse.pk}"
        answer = text(desk.post(f"/desk/tickets/{ticket.pk}/hold/", headers={"HX-Current-URL": page}))

        assert 'class="code">N-001' in answer
        assert 'class="code">A-001' not in answer

    @pytest.mark.parametrize(
        ("verb", "sent", "words"),
        [
            ("move", {"place": "first", "reason": "faint"}, "Place: Enter a whole number."),
            ("move", {"place": 1}, "Reason: This field is required."),
            ("call", {}, "Room: This field is required."),
            ("prioritise", {"priority": "purple"}, "purple is not one of the available choices"),
        ],
    )
    def test_says_what_is_wrong_with_a_form(self, desk, issue, verb, sent, words):
        answer = desk.post(f"/desk/tickets/{issue().pk}/{verb}/", sent)

        assert answer.status_code == 422
        assert words in text(answer)

    @pytest.mark.parametrize("verb", ["hold", "put-back", "cancel", "move", "transfer", "prioritise", "start", "miss"])
    def test_refuses_who_has_no_right(self, sign_in, ada, issue, service, verb):
        sent = {"place": 1, "reason": "x", "service_id": service.pk, "priority": "high"}

        assert sign_in(ada).post(f"/desk/tickets/{issue().pk}/{verb}/", sent).status_code == 403
        assert Ticket.objects.get().status == "waiting"

    def test_does_not_know_other_verbs(self, sign_in, sofia, issue):
        for verb in ("complete", "reopen", "delete"):
            assert sign_in(sofia).post(f"/desk/tickets/{issue().pk}/{verb}/").status_code == 404

    def test_of_a_ticket_that_does_not_exist_is_not_found(self, desk):
        assert desk.post("/desk/tickets/999/hold/").status_code == 404

    def test_of_a_room_or_service_that_does_not_exist_is_not_found(self, desk, issue):
        ticket = issue()

        assert desk.post(f"/desk/tickets/{ticket.pk}/call/", {"room_id": 999}).status_code == 404
        assert desk.post(f"/desk/tickets/{ticket.pk}/transfer/", {"service_id": 999}).status_code == 404

    def test_is_not_done_by_looking(self, desk, issue):
        assert desk.get(f"/desk/tickets/{issue().pk}/hold/").status_code == 405

    def test_wants_the_form_to_be_ours(self, maria, issue):
        stranger = Client(enforce_csrf_checks=True)
        stranger.force_login(maria)

        answer = stranger.post(f"/desk/tickets/{issue().pk}/hold/")

        assert answer.status_code == 403
        assert "This page is too old" in text(answer)


class TestMissedTickets:
    def test_of_today_can_be_put_back(self, desk, issue, room, sofia):
        now = timezone.now()
        ticket = issue(at=now)
        tickets.call(ticket_id=ticket.pk, room_id=room.pk, actor=sofia, at=now)
        tickets.miss(ticket_id=ticket.pk, actor=sofia, at=now)

        assert "Did not come today" in text(desk.get("/desk/"))
        assert f'formaction="/desk/tickets/{ticket.pk}/put-back/?version={history.latest(ticket).pk}"' in text(
            desk.get("/desk/")
        )
