"""Letters that can be read from the last seat."""

from __future__ import annotations

import pytest

from clinic import legibility
from clinic.legibility import EARLIER, ROOM, TICKET
from queueing.models import Display, DisplayService

pytestmark = pytest.mark.django_db(transaction=True)

#: Inches of the screen -> metres -> font size in hundredths of its height: distance / 100, and by ADA.
#: From the design's table, which is rounded to whole or half units; hence the tolerance.
TABLE = {
    32: {4: (15, 19), 6: (22.5, 25), 8: (30, 32), 10: (38, 40)},
    43: {4: (11, 14), 6: (17, 18), 8: (22.4, 24), 10: (28, 30)},
    55: {4: (9, 11), 6: (13, 14), 8: (17.5, 19), 10: (22, 23)},
}
TOLERANCE = 0.8
ROWS = [(i, m, *sizes) for i, distances in TABLE.items() for m, sizes in distances.items()]


@pytest.fixture
def make_display(service):
    def make(**kwargs):
        display = Display.objects.create(**{"name": "Hall", "slug": "hall", "open_to_all": True, **kwargs})
        DisplayService.objects.create(display=display, service=service)
        return display

    return make


@pytest.fixture
def change(sign_in, sofia):
    """What the admin shows after the display was saved with these values."""

    def save(display, **values):
        form = {
            **{"name": "Hall", "slug": "hall", "languages": "en", "sound": "speech", "layout": "landscape"},
            **{"screen_inches": 43, "viewing_distance_m": 5, "earlier_calls": 5, "opens_at": "", "closes_at": ""},
            **{"shows-TOTAL_FORMS": 0, "shows-INITIAL_FORMS": 0},
        }
        address = f"/admin/queueing/display/{display.pk}/change/"
        browser = sign_in(sofia)
        browser.post(address, {**form, **values, "_continue": "1"})
        return browser.get(address).content.decode()

    return save


class TestTheCalledTicket:
    @pytest.mark.parametrize(("inches", "metres", "by_distance", "by_ada"), ROWS)
    def test_is_as_large_as_the_table_says(self, inches, metres, by_distance, by_ada):
        unit = legibility.unit(inches)

        assert metres * 10 / legibility.CAP_HEIGHT / unit == pytest.approx(by_distance, abs=TOLERANCE)
        display = Display(screen_inches=inches, viewing_distance_m=metres)
        assert legibility.needed(TICKET, display) == pytest.approx(by_ada, abs=TOLERANCE)

    @pytest.mark.parametrize("metres", [5, 8, 12, 30])
    def test_is_read_from_as_far_as_it_was_made_for(self, metres):
        assert legibility.metres(TICKET, legibility.capitals(TICKET, metres)) == pytest.approx(metres)

    def test_is_never_said_to_be_read_when_it_is_smaller_than_signs_may_be(self):
        assert legibility.metres(TICKET, 50) == 0


class TestADisplay:
    @pytest.mark.parametrize("layout", ["landscape", "portrait", "auto"])
    def test_as_it_comes_can_be_read(self, make_display, layout):
        display = make_display(layout=layout)

        assert legibility.problems(display) == []
        assert legibility.rows(display) == 5
        assert all(told.metres >= 5 for told in legibility.told(display))

    def test_has_larger_letters_farther_away(self, make_display):
        display = make_display(screen_inches=55, viewing_distance_m=8)

        assert legibility.size(ROOM, display, "landscape") == pytest.approx(11.66, abs=0.01)
        assert legibility.size(EARLIER, display, "landscape") == pytest.approx(8.6, abs=0.2)

    def test_says_what_cannot_be_read_and_what_would(self, make_display):
        display = make_display(layout="landscape", screen_inches=32, viewing_distance_m=10)

        ticket, room, earlier, many = legibility.problems(display)
        assert ticket == "The called ticket cannot be read from 10 m: from 7.2 m at most, or on 44 inches."
        assert room.startswith("The room cannot be read from 10 m: from 6.7 m at most")
        assert earlier.startswith("Earlier calls cannot be read from 10 m: from 4.5 m at most")
        assert many == "5 earlier calls do not fit in letters that can be read from 10 m: 4 do."

    @pytest.mark.parametrize("more", [0.99, 1.01])
    def test_draws_the_line_where_it_says(self, make_display, more):
        display = make_display(layout="landscape", screen_inches=32, viewing_distance_m=10)
        display.viewing_distance_m = legibility.told(display)[0].metres * more

        assert any("ticket" in problem for problem in legibility.problems(display)) is (more > 1)

    def test_counts_the_letters_of_its_codes(self, make_display, make_service):
        display = make_display(layout="landscape", viewing_distance_m=9)
        assert "ticket" not in str(legibility.problems(display))

        DisplayService.objects.create(display=display, service=make_service(name="Eyes", prefix="XY"))

        assert "ticket" in str(legibility.problems(display))

    def test_says_which_names_of_rooms_are_too_long(self, make_display, make_room, service):
        make_room(service, name="Physiotherapy and rehabilitation")

        assert legibility.problems(make_display(layout="portrait")) == [
            "On a standing screen Physiotherapy and rehabilitation is a long name, to be read from 3.7 m at most."
        ]
        assert legibility.problems(make_display(name="Lying", slug="lying", layout="landscape")) == []

    def test_serves_its_sizes_as_a_stylesheet(self, client, make_display):
        make_display(layout="landscape", screen_inches=43, viewing_distance_m=5)

        answer = client.get("/display/hall/sizes.css")

        assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
        assert (
            answer.content
            == b".wall { --ticket: 29.70; --room: 11.00; --earlier: 6.99; --long-room: 9.32; --earlier-room: 6.99; }\n"
        )

    def test_has_sizes_for_both_ways_it_may_be_turned(self, client, make_display):
        make_display(layout="auto")

        sheet = client.get("/display/hall/sizes.css").content.decode()
        assert [line.split(")")[0] for line in sheet.splitlines()] == [
            "@media (orientation: landscape",
            "@media (orientation: portrait",
        ]

    def test_keeps_its_sizes_to_itself_like_its_page(self, client, make_display):
        make_display(open_to_all=False)

        assert client.get("/display/hall/sizes.css").status_code == 403


class TestTheAdmin:
    def test_says_from_where_it_can_be_read(self, change, make_display):
        page = change(make_display())

        assert "The called ticket: capitals of 106 mm, up to 9.8 m" in page
        assert "cannot be read" not in page

    def test_warns_of_what_cannot(self, change, make_display):
        page = change(make_display(), viewing_distance_m=15, earlier_calls=8)

        assert page.count("The called ticket cannot be read from 15 m") == 2  # once said, once on the page
        assert "8 earlier calls do not fit" in page

    def test_takes_no_language_that_it_does_not_know(self, change, make_display):
        display = make_display()
        change(display, languages="en tlh")

        display.refresh_from_db()
        assert display.languages == "en"
