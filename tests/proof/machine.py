"""A clinic that the model walks beside: after each step both have done the same, or refused for the same reason."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from queueing import history, integrity, refusals, rooms, self_service, tickets, undoing
from queueing.models import Service, Ticket
from tests.conftest import NINE, settle
from tests.proof import clinic
from tests.proof.checker import check
from tests.proof.journal import FAIL, INVOKE, OK, Entry
from tests.proof.model import FROM, PATIENTS, apply
from tests.proof.state import COLUMNS, Act, Refused, State
from tests.proof.world import World

NUMBERS = st.integers(0, 40)
PRIORITIES = st.sampled_from(["high", "medium", "low"])
ASKED = st.fixed_dictionaries(
    {
        "service": NUMBERS,
        "room": NUMBERS,
        "priority": PRIORITIES,
        "place": st.integers(0, 5),
        "at_end": st.booleans(),
        "outcome": st.sampled_from(["seen", "left"]),
        "reason": st.sampled_from(["faint", "faint", "faint", " "]),
    }
)
NEEDS = {
    "call": ["room"],
    "complete": ["outcome", "reason"],
    "put_back": ["at_end"],
    "transfer": ["service", "at_end"],
    "prioritise": ["priority"],
    "move": ["place", "reason"],
    "reopen": ["reason"],
}
#: What each calls the same thing.
NAMES = {"service": "service_id", "room": "room_id", "ticket": "ticket_id", "event": "event_id"}


class Clinic(RuleBasedStateMachine):
    """In a transaction of its own, which is rolled back: an example ends as it began."""

    def __init__(self, world: World, actor) -> None:
        super().__init__()
        self.world, self.actor, self.state = world, actor, State(world)
        self.services, self.rooms = list(world.services), list(world.rooms)
        self.rows = {"service": self.service, "room": self.room}
        self.at, self.journal, self.last, self.agree = NINE, [], None, True
        self.example = transaction.atomic()
        self.example._from_testcase = True  # a verb's own transaction may stand inside a test's
        self.example.__enter__()

    def teardown(self) -> None:
        try:
            if self.agree:
                settle()
                found = check(self.journal, clinic.events(), clinic.rows(), self.world)
                assert not found, "\n".join(map(str, found))
                unsound = [found for pk in self.services for found in integrity.validate_queue_integrity(pk).problems]
                assert not unsound, unsound
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    # What people do

    @initialize(priorities=st.lists(PRIORITIES, min_size=3, max_size=8))
    def morning(self, priorities):
        for number, priority in enumerate(priorities):
            self.issue(number, priority)

    @rule(number=NUMBERS, priority=PRIORITIES)
    def issue(self, number, priority):
        self.do("issue", service=self.service(number), priority=priority)

    @rule(number=NUMBERS)
    def call_next(self, number):
        self.do("call_next", room=self.room(number))

    @rule(ticket=NUMBERS, number=NUMBERS, asked=ASKED)
    def do_what_can_be_done(self, ticket, number, asked):
        status = self.state.tickets[self.ticket(ticket)]["status"]
        if verbs := [verb for verb, starts in FROM.items() if status in starts]:
            self.about(verbs[number % len(verbs)], ticket, **asked)

    @rule(ticket=NUMBERS, verb=st.sampled_from(sorted(FROM)), asked=ASKED)
    def do_anything(self, ticket, verb, asked):
        self.about(verb, ticket, **asked)

    @rule(ticket=NUMBERS, before=st.sampled_from([0, 0, 0, 1]))
    def undo(self, ticket, before):
        steps = self.steps(self.ticket(ticket))
        before = min(before, len(steps) - 1)
        self.do("undo", ticket=self.ticket(ticket), event=steps[before], before=before)

    @precondition(lambda self: self.last)
    @rule()
    def press_again(self):
        """It answers like the first time, and nothing happens."""
        verb, given, key, ticket = self.last
        told, expected = self.really(verb, given, key), (OK, ticket, self.state.tickets[ticket])
        assert told == expected, f"{verb} {given} again: the clinic says {told}, and the first time {expected}"

    @rule(number=NUMBERS)
    def pause_or_resume(self, number):
        """One room at a time."""
        act = {"actor": self.actor, "at": self.at}
        if self.state.closed_rooms:
            rooms.resume(room_id=self.state.closed_rooms.pop(), **act)
        else:
            self.state.closed_rooms = {self.room(number)}
            rooms.pause(room_id=self.room(number), reason="a break", **act)

    @rule(number=NUMBERS)
    def open_or_close(self, number):
        """One service at a time."""
        closed = bool(self.state.closed_services)
        service = Service.objects.get(pk=self.state.closed_services.pop() if closed else self.service(number))
        service.is_open = closed
        service.save()
        self.state.closed_services = set() if closed else {service.pk}

    @rule(seconds=st.sampled_from([1, 1, 2, 60, 11 * 60, 24 * 60 * 60, -3]))
    def wait(self, seconds):
        self.at += timedelta(seconds=seconds)

    # How the two are compared

    def about(self, verb, number, **asked):
        given = {name: asked[name] for name in NEEDS.get(verb, ())}
        given |= {name: pick(asked[name]) for name, pick in self.rows.items() if name in given}
        self.do(verb, ticket=self.ticket(number), **given)

    def do(self, verb, **given):
        self.agree = False
        key = f"key-{len(self.journal)}"
        self.note(INVOKE, verb, key, given)
        told = self.really(verb, given, key)
        new = told[1] if verb == "issue" and told[0] == OK else None
        expected, changed = self.as_it_must_be(verb, given, new)
        assert told == expected, f"{verb} {given}: the clinic says {told}, the model {expected}"
        self.last = (verb, given, key, told[1]) if changed else self.last
        self.note(told[0], verb, key, given, {"ticket": told[1]} if told[0] == OK else {"code": told[1]})
        self.agree = True

    def really(self, verb, given, key):
        """(ok, ticket, columns) or (fail, code)"""
        act = {NAMES.get(name, name): value for name, value in given.items()} | {"key": key, "at": self.at}
        module = self_service if verb in PATIENTS else undoing if verb == "undo" else tickets
        act |= {} if verb in PATIENTS else {"actor": self.actor}
        if verb == "undo":
            act = {name: act[name] for name in ("event_id", "key", "at", "actor")}
        try:
            ticket = getattr(module, verb)(**act)
        except refusals.TicketError as refusal:
            return FAIL, refusal.code
        return OK, ticket.pk, {column: _plain(getattr(ticket, column)) for column in COLUMNS}

    def as_it_must_be(self, verb, given, new):
        actor = "patient" if verb in PATIENTS else self.actor.get_username()
        act = Act(verb=verb, at=self.at, actor=actor, ticket=new or given.get("ticket"), given=given)
        try:
            made = apply(self.state, act)
        except Refused as refusal:
            return (FAIL, str(refusal)), False
        return (OK, made.ticket, self.state.tickets[made.ticket]), bool(made.changes)

    def note(self, type_, verb, key, given, out=None):
        number = len(self.journal)
        entry = Entry(op=number // 2, proc=0, type=type_, verb=verb, t=number, key=key, given=given, out=out or {})
        self.journal.append(entry)

    # What there is to choose from

    def service(self, number):
        return self.services[number % len(self.services)]

    def room(self, number):
        return self.rooms[number % len(self.rooms)]

    def ticket(self, number):
        every = sorted(self.state.tickets)
        return every[number % len(every)]

    def steps(self, ticket):
        """The ids of the events that can be taken back, the latest first."""
        left_out = [history.RENUMBERED, *undoing.ANSWERS]
        return list(history.of(Ticket(pk=ticket)).exclude(verb__in=left_out).values_list("pk", flat=True))


def _plain(value):
    return value.isoformat() if hasattr(value, "isoformat") else value
