"""A clinic in the middle of a day: somebody in every state, and every page of the product."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone

from queueing import history, rooms, tickets
from queueing.models import Display, DisplayService, Kiosk, Patient, Room, RoomService, Service

DESK, TABLET, PHONE, WALL, TALL = (1440, 900), (1024, 768), (390, 844), (1280, 720), (1080, 1920)
#: A name that a page must survive.
LONG = "Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh"


@dataclass(frozen=True, kw_only=True)
class Screen:
    """One page in one state. `kept` screens stand in docs/screens."""

    name: str
    path: str
    who: str = ""
    size: tuple[int, int] = DESK
    options: dict[str, str] = field(default_factory=dict)
    kept: bool = False
    status: int = 200
    #: What the page's first form is sent with, to see the answer.
    sent: dict[str, str] = field(default_factory=dict)


def dark(**screen):
    return Screen(**screen, options={"color_scheme": "dark"})


def forced(**screen):
    """In colours of the reader's own choice."""
    return Screen(**screen, options={"forced_colors": "active"})


def arabic(**screen):
    return Screen(**screen, options={"locale": "ar"})


@pytest.fixture
def scene(people, transactional_db):
    """Tickets by what they are there for."""
    setting = _places()
    return SimpleNamespace(**_tickets(people.supervisor, setting), **vars(setting))


def _places():
    with history.operation(actor="setup"):
        services = {
            name: Service.objects.create(name=name, prefix=prefix, typical_minutes=minutes)
            for name, prefix, minutes in (
                ("General practice", "A", 12),
                ("Nurse", "B", 8),
                ("Blood tests", "C", 5),
                ("Physiotherapy", "D", 20),
            )
        }
        general, nurse, blood, physio = services.values()
        physio.is_open, nurse.names_on_displays = False, True
        physio.save()
        nurse.save()
        places = {}
        for name, served in (
            ("Room 1", (general, nurse)),
            ("Room 2", (general,)),
            ("Room 3", (nurse,)),
            ("Blood 1", (blood,)),
            ("Room 5", (general, nurse)),
        ):
            places[name] = Room.objects.create(name=name)
            for service in served:
                RoomService.objects.create(room=places[name], service=service)
        hall = Display.objects.create(name="Hall", slug="hall", languages="en es", open_to_all=True)
        for service in (general, nurse, blood):
            DisplayService.objects.create(display=hall, service=service)
        kiosk = Kiosk.objects.create(name="Entrance", slug="entrance", languages="en es fr pt-br ar", open_to_all=True)
        others = [Display.objects.create(name="Hall 2", slug="empty", open_to_all=True)]
        for kind, name in ((Display, "Hall 3"), (Kiosk, "Entrance 2")):
            others.append(kind.objects.create(name=name, slug="closed", open_to_all=True, **_an_hour_in_the_night()))
    return SimpleNamespace(
        general=general, nurse=nurse, blood=blood, rooms=places, hall=hall, kiosk=kiosk, others=others
    )


def _an_hour_in_the_night():
    """Hours that are not now, whatever the time is."""
    now = timezone.localtime()
    return {"opens_at": (now + timedelta(hours=5)).time(), "closes_at": (now + timedelta(hours=6)).time()}


def _tickets(actor, places):
    now = timezone.now()
    clock = iter(now - timedelta(minutes=minutes) for minutes in range(58, 0, -3))

    def issue(service, priority="low", **patient):
        at = next(clock)
        somebody = Patient(**patient) if patient else None
        return tickets.issue(service_id=service.pk, priority=priority, patient=somebody, actor=actor, at=at)

    def call(ticket, room, minutes=1):
        at = now - timedelta(minutes=minutes)
        return tickets.call(ticket_id=ticket.pk, room_id=places.rooms[room].pk, actor=actor, at=at)

    missed = tickets.miss(ticket_id=call(issue(places.nurse), "Room 3", 40).pk, actor=actor, at=now)
    done = call(issue(places.general), "Room 1", 40)
    tickets.start(ticket_id=done.pk, actor=actor, at=now - timedelta(minutes=38))
    done = tickets.complete(ticket_id=done.pk, outcome="seen", actor=actor, at=now - timedelta(minutes=20))
    gone = tickets.cancel(ticket_id=issue(places.blood).pk, reason="went home", actor=actor, at=now)
    serving = call(issue(places.nurse, reference="P-204"), "Room 3", 18)
    tickets.start(ticket_id=serving.pk, actor=actor, at=now - timedelta(minutes=18))
    called = call(issue(places.general, name="Ana Example"), "Room 2", 0)
    held = tickets.hold(ticket_id=issue(places.general).pk, reason="at X-ray", actor=actor, at=now)
    for service, priority in ((places.general, "high"), (places.blood, "low"), (places.nurse, "medium")):
        issue(service, priority)
    issue(places.general, name=LONG, reference="P-311")
    waiting = issue(places.general)
    rooms.pause(room_id=places.rooms["Blood 1"].pk, reason="Break until 11:00", actor=actor, at=now)
    return {
        "missed": missed,
        "done": done,
        "gone": gone,
        "serving": serving,
        "called": called,
        "held": held,
        "waiting": waiting,
    }


def screens(scene):
    """Every page, at the sizes it is used at."""
    return [*_staff(scene), *_walls(scene), *_patients(scene), *_kiosk(scene), *_admin(scene)]


def _staff(scene):
    who, rooms = "supervisor", scene.rooms
    at_desk = {"path": "/desk/", "who": who}
    return [
        Screen(name="desk", **at_desk, kept=True),
        dark(name="desk-dark", **at_desk, kept=True),
        arabic(name="desk-arabic", **at_desk, kept=True),
        forced(name="desk-forced-colours", **at_desk),
        Screen(name="desk-phone", **at_desk, size=PHONE),
        Screen(name="desk-zoomed", **at_desk, size=(360, 640)),
        Screen(name="desk-found", path="/desk/?q=P-311", who=who),
        Screen(name="desk-found-nothing", path="/desk/?q=nobody", who=who),
        Screen(name="desk-auditor", path="/desk/", who="auditor"),
        Screen(name="ticket", path=reverse("ticket", args=[scene.waiting.pk]), who=who),
        Screen(name="print", path=reverse("print-ticket", args=[scene.waiting.pk]), who=who),
        Screen(name="overview", path=reverse("overview"), who=who),
        Screen(name="room", path=reverse("room", args=[rooms["Room 2"].pk]), who=who, size=TABLET, kept=True),
        dark(name="room-dark", path=reverse("room", args=[rooms["Room 3"].pk]), who=who, size=TABLET),
        Screen(name="room-free", path=reverse("room", args=[rooms["Room 1"].pk]), who=who, size=TABLET),
        Screen(name="room-paused", path=reverse("room", args=[rooms["Blood 1"].pk]), who=who, size=PHONE),
        Screen(name="overview", path=reverse("overview"), who=who, kept=True),
        dark(name="overview-phone", path=reverse("overview"), who=who, size=PHONE),
        Screen(name="print", path=reverse("print-ticket", args=[scene.waiting.pk]), who=who, size=PHONE),
        Screen(name="sign-in", path="/sign-in/", size=PHONE),
        Screen(name="nothing-here", path="/nothing/", status=404),
        Screen(name="forbidden", path="/desk/", who="nobody", status=403),
    ]


def _walls(scene):
    return [
        Screen(name="display-landscape", path="/display/hall/", size=WALL, kept=True),
        Screen(name="display-portrait", path="/display/hall/", size=TALL, kept=True),
        forced(name="display-forced-colours", path="/display/hall/", size=WALL),
        Screen(name="display-closed", path="/display/closed/", size=WALL),
        Screen(name="display-empty", path="/display/empty/", size=WALL),
        Screen(name="display-test", path="/display/hall/?test=1", size=WALL),
        Screen(name="pairing", path="/display/", size=WALL),
    ]


def _patients(scene):
    def page(ticket, tail=""):
        return {"path": reverse("ticket-page", args=[ticket.token]) + tail, "size": PHONE}

    return [
        Screen(name="ticket-page", **page(scene.waiting), kept=True),
        Screen(name="ticket-page-called", **page(scene.called), kept=True),
        dark(name="ticket-page-dark", **page(scene.waiting)),
        arabic(name="ticket-page-arabic", **page(scene.waiting), kept=True),
        *(
            Screen(name=f"ticket-page-{state}", **page(getattr(scene, state)))
            for state in ("missed", "done", "gone", "serving", "held")
        ),
        Screen(name="ticket-page-unknown", path="/t/AAAAAAAAAAAAAAAAAAAAAA/", size=PHONE, status=404),
        Screen(name="ticket-page-leave", **page(scene.waiting, "leave/")),
    ]


def _kiosk(scene):
    def page(name, size=TALL, kept=False, status=200, **sent):
        return Screen(name=f"kiosk-{name}", path="/kiosk/entrance/", size=size, kept=kept, status=status, sent=sent)

    service = {"language": "en", "service_id": str(scene.nurse.pk)}
    here_already = {"language": "en", "service_id": str(scene.general.pk)}
    known = {**service, "has_number": "no"}
    return [
        page("language"),
        page("service", language="en", kept=True),
        page("service-wide", language="en", size=WALL),
        page("service-arabic", language="ar"),
        page("number", **service),
        page("already", **here_already, has_number="yes", reference="P-311", status=409),
        Screen(name="kiosk-closed", path="/kiosk/closed/", size=TALL),
        forced(name="kiosk-forced-colours", path="/kiosk/entrance/", size=TALL, sent={"language": "en"}),
        page("unknown", **service, has_number="yes", reference="P-999"),
        page("consent", **known),
        page("name", **known, show_name="yes"),
        page("ticket", **known, show_name="no", key="screens", kept=True),
    ]


def _admin(scene):
    who = "supervisor"
    return [
        Screen(
            name="admin-completion",
            path=reverse("admin:queueing_ticket_complete", args=[scene.serving.pk]),
            who=who,
            kept=True,
        ),
        Screen(name="admin-to-complete", path=reverse("admin:queueing_ticket_to_complete"), who=who),
        dark(name="admin-dark", path="/admin/", who=who),
        Screen(name="admin-pair", path=reverse("admin:queueing_device_pair"), who=who),
        Screen(name="admin-devices", path=reverse("admin:queueing_device_changelist"), who=who),
        Screen(name="admin-delivery", path=reverse("admin:notifications_cursor_changelist"), who=who),
        Screen(name="admin-tickets", path=reverse("admin:queueing_ticket_changelist"), who=who),
        Screen(name="admin-display", path=reverse("admin:queueing_display_change", args=[scene.hall.pk]), who=who),
        Screen(name="admin-history", path=reverse("admin:queueing_ticket_history", args=[scene.serving.pk]), who=who),
        Screen(name="admin-delivery", path=reverse("admin:notifications_cursor_changelist"), who=who),
    ]
