"""A kiosk without JavaScript: what it asks, what it issues, and what it never tells."""

from __future__ import annotations

import re

import pytest

from clinic import kiosk as kiosks
from queueing import history
from queueing.models import Event, Patient, Ticket

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("now")]


class TestARun:
    def test_ends_with_a_ticket(self, visit, service, room):
        visitor = visit()
        assert "العربية" in visitor.text
        assert "General practice" in visitor.answer(language="en").text
        assert "Do you have a patient number?" in visitor.answer(service_id=service.pk).text

        page = visitor.answer(has_number="no").text

        ticket = Ticket.objects.get()
        assert "This is your ticket" in page and "A-001" in page
        assert "About <b>0 to 5 minutes</b>" in page
        assert '<svg viewBox="0 0 ' in page and "Please take a seat and watch the screen." in page
        assert "no ticket" not in page.lower()
        assert ticket.patient is None
        assert Event.objects.get(verb="ticket.issued").actor == "kiosk entrance"

    def test_speaks_the_chosen_language_to_the_end(self, visit):
        page = visit().answer(language="ar").text

        assert 'lang="ar" dir="rtl"' in page
        assert 'value="ar"' in page

    def test_changes_its_language_in_between(self, visit):
        visitor = visit().chosen()

        visitor.answer(language="ar")

        assert 'dir="rtl"' in visitor.text
        assert 'name="reference"' in visitor.text  # the same question

    def test_does_not_ask_for_a_language_when_it_has_one(self, visit, entrance):
        entrance.languages = "fr"
        entrance.save()

        assert 'lang="fr"' in visit().text
        assert "General practice" in visit().text


class TestServices:
    def test_are_those_of_kiosks_with_their_waits(self, visit, make_service, issue, room):
        make_service(name="Secret", at_kiosk=False)
        make_service(name="Vaccinations", is_open=False)
        issue(), issue()

        page = visit().answer(language="en").text

        assert "Secret" not in page
        assert "2 people are waiting · about 15 to 30 minutes" in page
        assert re.search(r"disabled> <span>Vaccinations</span> <small> Closed", page)

    @pytest.mark.parametrize("shut", [{"at_kiosk": False}, {"is_open": False}])
    def test_that_are_shut_are_not_taken(self, visit, make_service, shut):
        other = make_service(**shut)

        visitor = visit().answer(language="en").answer(service_id=other.pk)

        assert visitor.page.status_code == 422
        assert "closed now. Please choose another one" in visitor.text
        assert not Ticket.objects.exists()

    def test_that_close_meanwhile_are_not_taken(self, visit, service, make_service):
        make_service()
        visitor = visit().chosen()
        service.is_open = False
        service.save()

        assert "closed now" in visitor.answer(has_number="no").text
        assert not Ticket.objects.exists()

    def test_cost_the_same_however_many(self, visit, make_service, issue, django_assert_num_queries):
        visitor = visit()
        for _ in range(8):
            issue(service_id=make_service().pk)

        with django_assert_num_queries(4):
            visitor.answer(language="en")


class TestNumber:
    @pytest.mark.parametrize("typed", ["P-4711", "p-4711", " P-4711 "])
    def test_finds_the_patient_and_shows_no_name(self, visit, make_patient, typed):
        patient = make_patient(reference="P-4711", name="Ana Pereira")

        visitor = visit().chosen().answer(reference=typed, has_number="yes")

        assert Ticket.objects.get().patient == patient
        assert "Ana" not in visitor.text and "4711" not in visitor.text

    def test_that_is_unknown_is_said_clearly(self, visit):
        visitor = visit().chosen().answer(reference="P-1", has_number="yes")

        assert "We did not find this number" in visitor.text
        assert "You have no ticket yet." in visitor.text
        assert not Ticket.objects.exists()

    def test_that_is_unknown_can_be_tried_again_or_left_out(self, visit):
        visitor = visit().chosen().answer(reference="P-1", has_number="yes")
        assert "Do you have a patient number?" in visitor.answer().text

        visitor.answer(reference="P-2", has_number="yes").answer(has_number="no")

        assert Ticket.objects.get().patient is None
        assert not Patient.objects.exists()

    def test_that_is_empty_is_asked_for_again(self, visit):
        visitor = visit().chosen().answer(reference="", has_number="yes")

        assert visitor.page.status_code == 422
        assert "Please type it, or choose another answer." in visitor.text

    @pytest.mark.parametrize("typed", ["x" * 41, "\0"])
    def test_that_cannot_be_one_is_asked_for_again(self, visit, typed):
        visitor = visit().chosen().answer(reference=typed, has_number="yes")

        assert visitor.page.status_code == 422
        assert "Do you have a patient number?" in visitor.text

    def test_of_who_waits_already_issues_nothing_and_tells_no_code(self, visit, make_patient, issue):
        waiting = issue(patient=make_patient(reference="P-1", name="Ana"))

        visitor = visit().chosen().answer(reference="P-1", has_number="yes")

        assert visitor.page.status_code == 409
        assert "You are waiting already" in visitor.text and "It keeps its place" in visitor.text
        assert waiting.code not in visitor.text and "Ana" not in visitor.text and waiting.token not in visitor.text
        assert Ticket.objects.get() == waiting


class TestName:
    @pytest.fixture(autouse=True)
    def named(self, service):
        service.names_on_displays = True
        with history.operation(actor="setup"):
            service.save()

    def test_is_not_asked_where_the_screen_shows_none(self, visit, service):
        service.names_on_displays = False
        service.save()

        assert "This is your ticket" in visit().chosen().answer(has_number="no").text

    def test_is_not_shown_unless_somebody_says_so(self, visit):
        visitor = visit().chosen().answer(has_number="no")
        assert "May the screen show your name?" in visitor.text

        assert "only your code" in visitor.answer(show_name="no").text
        assert not Patient.objects.exists()

    def test_is_shown_of_who_types_it(self, visit):
        visitor = visit().chosen().answer(has_number="no").answer(show_name="yes")
        assert "What is your name?" in visitor.text

        assert "your code and your name" in visitor.answer(name="José O'Neill <b>").text
        patient = Ticket.objects.get().patient
        assert (patient.name, patient.show_name) == ("José O'Neill <b>", True)
        assert "José" not in visitor.text

    def test_can_be_thought_over(self, visit):
        visitor = visit().chosen().answer(has_number="no").answer(show_name="yes")

        assert "only your code" in visitor.answer(name="", show_name="no").text

    @pytest.mark.parametrize(("typed", "shown"), [("ana  PEREIRA", True), ("Ana", False)])
    def test_of_a_known_patient_is_shown_only_to_who_knows_it(self, visit, make_patient, typed, shown):
        """A number is no secret. With it alone nobody may bring the name behind it onto the screen."""
        patient = make_patient(reference="P-1", name="Ana Pereira")
        visitor = visit().chosen().answer(reference="P-1", has_number="yes").answer(show_name="yes")

        visitor.answer(name=typed)

        patient.refresh_from_db()
        assert (patient.name, patient.show_name) == ("Ana Pereira", shown)
        assert Ticket.objects.get().patient == patient

    def test_that_was_shown_before_is_not_any_more(self, visit, make_patient):
        patient = make_patient(reference="P-1", name="Ana", show_name=True)

        visit().chosen().answer(reference="P-1", has_number="yes").answer(show_name="no")

        patient.refresh_from_db()
        assert not patient.show_name

    def test_has_keys_for_every_language(self, settings):
        assert set(kiosks.LETTERS) == {code for code, _name in settings.LANGUAGES}


def test_nothing_is_kept_in_the_browser(visit):
    visitor = visit().chosen()

    assert "no-store" in visitor.page["Cache-Control"]
    assert 'autocomplete="off"' in visitor.text
    assert "sessionid" not in visitor.page.cookies
