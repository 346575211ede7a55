"""What a person presses next, going by what they believe of the lines."""

from __future__ import annotations

from django.db import Error, connection

from queueing.models import Priority, Room, Service, Ticket
from tests.proof import acts

#: What may be done to a ticket in each state, as the pages offer it.
OFFERED = {
    "waiting": ["hold", "transfer", "prioritise", "move", "cancel", "call"],
    "held": ["release", "release", "call", "cancel", "transfer"],
    "called": ["recall", "start", "start", "miss", "complete", "put_back", "cancel", "transfer"],
    "serving": ["complete", "complete", "put_back", "transfer"],
    "missed": ["put_back"],
    "completed": ["reopen"],
}
ANY = sorted({verb for offered in OFFERED.values() for verb in offered})
#: Not everybody's.
RIGHTS = {"complete": "complete_ticket", "reopen": "reopen_ticket"}
#: Beyond this many open tickets a person lets nobody in.
FULL = 40


class Habits:
    """Of one signed-in person."""

    def __init__(self, user, random):
        self.random = random
        self.may = lambda right: user.has_perm(f"queueing.{right}")
        self.rooms = list(Room.objects.values_list("pk", flat=True))
        self.services = list(Service.objects.values_list("pk", flat=True))
        self.believed, self.taken, self.undoable = [], set(), []

    def look(self):
        """What the person believes from now on; while the primary is away, what was believed before."""
        try:
            open_ones = Ticket.objects.open().values_list("pk", "status", "room_id")
            ended = Ticket.objects.filter(status__in=["missed", "completed"]).order_by("-pk")
            self.believed = [*((pk, status) for pk, status, _ in open_ones), *ended.values_list("pk", "status")[:4]]
            self.taken = {room for *_, room in open_ones if room}
        except Error:
            connection.close()

    def choose(self):
        """Often for a room: whoever is in one is seen and sent home, and the next one is called."""
        dice, room = self.random.random(), self.random.choice(self.rooms)
        in_room = [ticket for ticket in self.believed if ticket[1] in ("called", "serving")]
        if dice < 0.22 and self.may("issue_ticket") and len(self.believed) < FULL:
            return acts.issue(self.random.choice(self.services), self.random.choice(Priority.values))
        if (dice < 0.45 and room not in self.taken) or dice < 0.23 or not self.believed:
            return acts.call_next(room)
        if dice < 0.28 and self.undoable:
            return acts.undo(*self.undoable.pop())
        return self.choose_verb(*self.random.choice(in_room if in_room and dice < 0.65 else self.believed))

    def choose_verb(self, ticket, status):
        """One that a page offers; now and then one that none does."""
        offered = OFFERED[status] if self.random.random() < 0.95 else ANY
        allowed = [verb for verb in offered if self.may(RIGHTS.get(verb, "call_ticket"))]
        return self.act(self.random.choice(allowed or ["put_back"]), ticket)

    def act(self, verb, ticket):
        pick = self.random.choice
        match verb:
            case "call":
                return acts.call(ticket, pick(self.rooms))
            case "put_back":
                return acts.put_back(ticket, pick([True, False]))
            case "transfer":
                return acts.transfer(ticket, pick(self.services), pick([True, False]))
            case "prioritise":
                return acts.prioritise(ticket, pick(Priority.values))
            case "move":
                return acts.move(ticket, pick([1, 1, 2, 3, 5, 9]))
            case "complete":
                return acts.complete(ticket, pick(["seen", "seen", "seen", "left"]))
            case "reopen":
                return acts.reopen(ticket)
        return acts.press(verb, ticket)

    def remember(self, event, ticket):
        """That the desk has offered to take this back."""
        self.undoable = [*self.undoable[-3:], (event, ticket)]
