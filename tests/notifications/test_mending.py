"""What a person does about a row that was put aside."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.admin.models import LogEntry
from django.db import OperationalError, connections, transaction
from django.urls import reverse
from django.utils import timezone

from notifications import copying, mending
from notifications.models import DeadLetter
from notifications.sinks.replica import ReplicaSink
from queueing.models import Patient

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "replica"])
LIST = "admin:notifications_deadletter_changelist"


@pytest.fixture
def put_aside(clinic):
    """A letter of a row, by default of the first room."""

    def make(row=None, **kwargs):
        row = row or clinic.room
        address = {"sink": "replica", "model": row._meta.label_lower, "object_id": row.pk}
        return DeadLetter.objects.create(
            **{**address, "error": "DataError 22P05", "parked_at": timezone.now(), **kwargs}
        )

    return make


@pytest.fixture
def act(client, sofia):
    """Chosen in the list, and what the page says then."""

    def act(action, *chosen, user=sofia):
        client.force_login(user)
        form = {"action": action, "_selected_action": [letter.pk for letter in chosen]}
        answer = client.post(reverse(LIST), form, follow=True)
        assert answer.status_code == 200
        return [str(message) for message in answer.context["messages"]]

    return act


@pytest.fixture
def filled(clinic):
    while ReplicaSink().step():
        pass


def shown(row):
    return type(row).objects.using("replica").filter(pk=row.pk).first()


def change_replica(statement):
    with connections["replica"].cursor() as cursor:
        cursor.execute(statement)


def rename_on_the_replica(row):
    """As if the sink had not been able to take it."""
    change_replica(f"UPDATE queueing_room SET name = 'old' WHERE id = {row.pk}")


class TestRetry:
    def test_asks_the_worker(self, act, put_aside):
        letter = put_aside()

        (said,) = act("retry", letter)

        letter.refresh_from_db()
        assert letter.outcome == "open"
        assert letter.retry_at <= timezone.now()
        assert "tries replica: queueing.room" in said

    def test_is_in_the_admins_log(self, act, put_aside, sofia):
        letter = put_aside()

        act("retry", letter)

        entry = LogEntry.objects.get(object_id=str(letter.pk))
        assert (entry.user, entry.get_change_message()) == (sofia, f"The worker tries {letter} again in its next step.")


class TestCopy:
    def test_copies_the_row_as_it_is_now(self, act, put_aside, filled, clinic):
        rename_on_the_replica(clinic.room)
        letter = put_aside()

        act("copy", letter)

        letter.refresh_from_db()
        assert shown(clinic.room).name == "Room 1"
        assert (letter.outcome, letter.closed_by) == ("delivered", "sofia")
        assert letter.closed_at

    def test_removes_a_row_that_is_gone(self, act, put_aside, filled):
        patient = Patient.objects.create(reference="P-1")
        copying.copy_row("queueing.patient", patient.pk)
        assert shown(patient)
        letter = put_aside(patient)
        patient.delete()

        act("copy", letter)

        assert not Patient.objects.using("replica").exists()

    def test_stays_open_when_the_replica_refuses(self, act, put_aside, filled, clinic):
        rename_on_the_replica(clinic.room)
        change_replica("ALTER TABLE queueing_room ADD CONSTRAINT poison CHECK (name <> 'Room 1') NOT VALID")
        try:
            letter = put_aside()
            (said,) = act("copy", letter)
        finally:
            change_replica("ALTER TABLE queueing_room DROP CONSTRAINT poison")

        letter.refresh_from_db()
        assert said == f"{letter} could not be copied and stays open: {letter.error}."
        assert letter.error.startswith("CheckViolation 23514: ")
        assert (letter.outcome, letter.attempts) == ("open", 2)
        assert shown(clinic.room).name == "old"

    def test_is_for_the_replica_alone(self, act, put_aside):
        letter = put_aside(sink="push")

        (said,) = act("copy", letter)

        assert "retry it instead" in said
        assert DeadLetter.objects.get().outcome == "open"

    def test_waits_for_the_sink_that_writes(self, filled, clinic):
        """So that neither undoes what the other wrote. Without the lock this would not be refused."""
        with transaction.atomic(using="replica"), connections["replica"].cursor() as cursor:
            cursor.execute("SELECT FROM notifications_replicastate FOR NO KEY UPDATE")
            with ThreadPoolExecutor(1) as elsewhere:
                refused = elsewhere.submit(refusal, clinic.room).result()

        assert refused == "55P03"


def refusal(room):
    """The SQLSTATE that copying meets, on connections of its own."""
    try:
        copying.copy_row("queueing.room", room.pk)
    except OperationalError as e:
        return e.__cause__.sqlstate
    finally:
        connections.close_all()


class TestDiscard:
    def test_asks_for_a_reason(self, client, act, put_aside):
        letter = put_aside()
        act("discard", letter)
        address = reverse("admin:notifications_deadletter_discard", args=[letter.pk])

        assert b"This field is required" in client.post(address, {"reason": " "}).content
        assert DeadLetter.objects.get().outcome == "open"

        client.post(address, {"reason": "a test of last week"})
        letter.refresh_from_db()
        assert (letter.outcome, letter.closed_by, letter.reason) == ("discarded", "sofia", "a test of last week")
        assert "a test of last week" in LogEntry.objects.get().get_change_message()

    def test_shows_what_is_discarded(self, client, sofia, put_aside):
        client.force_login(sofia)

        page = client.get(reverse("admin:notifications_deadletter_discard", args=[put_aside().pk]))

        assert "DataError 22P05" in page.content.decode()
        assert DeadLetter.objects.get().outcome == "open"

    @pytest.mark.parametrize("ids", ["x", "0", "1,", "9" * 30])
    def test_of_nothing_is_not_found(self, client, sofia, ids):
        client.force_login(sofia)

        assert client.get(reverse("admin:notifications_deadletter_discard", args=[ids])).status_code == 404


class TestClosedLetters:
    @pytest.mark.parametrize("act", [mending.retry, mending.copy, mending.discard])
    def test_stay_as_they_are(self, put_aside, act):
        letter = put_aside(outcome="delivered", closed_at=timezone.now(), closed_by="worker")
        answers = {mending.retry: {}, mending.copy: {"by": "sofia"}, mending.discard: {"by": "sofia", "reason": "x"}}[
            act
        ]

        with pytest.raises(mending.LetterError, match=r"is closed already \(delivered\); nothing was done"):
            act(letter.pk, **answers)

        again = DeadLetter.objects.get()
        assert (again.outcome, again.closed_by, again.retry_at) == ("delivered", "worker", None)

    def test_keep_no_other_from_being_done(self, act, put_aside, clinic):
        closed, letter = put_aside(outcome="delivered", closed_at=timezone.now()), put_aside(clinic.other)

        said = act("retry", closed, letter)

        assert len(said) == 2
        assert LogEntry.objects.count() == 1

    def test_say_when_they_are_gone(self):
        with pytest.raises(mending.LetterError, match="no longer there"):
            mending.retry(1)


class TestRights:
    @pytest.mark.parametrize("action", ["retry", "copy", "discard"])
    def test_of_an_auditor_are_to_look(self, act, put_aside, ada, action):
        letter = put_aside()

        act(action, letter, user=ada)

        again = DeadLetter.objects.get()
        assert (again.outcome, again.retry_at) == ("open", None)

    def test_to_discard_are_asked_again_behind_the_list(self, client, put_aside, ada):
        client.force_login(ada)
        address = reverse("admin:notifications_deadletter_discard", args=[put_aside().pk])

        assert client.post(address, {"reason": "x"}).status_code == 403
        assert DeadLetter.objects.get().outcome == "open"
