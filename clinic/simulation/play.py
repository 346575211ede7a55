"""Plays a day: the simulated clock decides what happens when, and the people at work do it in the clinic itself."""

from __future__ import annotations

import heapq
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import count

from clinic.simulation.browser import CannotGoOn
from clinic.simulation.day import NUMBERS, OPENS_AT_MINUTE, Patient
from clinic.simulation.staff import Called, Clinician, Receptionist, Room
from clinic.simulation.wall import Wall


class Play:
    """The clinic itself decides who is next. All minutes are of the simulated day."""

    def __init__(self, *, receptionist: Receptionist, clinician: Clinician, wall: Wall, rooms: Sequence[Room]) -> None:
        self.receptionist, self.clinician, self.wall = receptionist, clinician, wall
        self.free = list(rooms)
        self.waiting: Counter[str] = Counter()
        self.patients: dict[str, Patient] = {}
        self.called: dict[str, Called] = {}
        self.waited: dict[str, list[float]] = defaultdict(list)
        self.completed = self.missed = 0
        self.minute: float = OPENS_AT_MINUTE
        self.steps: list[tuple[float, int, Callable[[], None]]] = []
        self.numbers = count()

    def run(self, day: Iterable[Patient], *, speed: float, tell: Callable[[], None]) -> None:
        """To the last patient. `speed`: simulated minutes for each minute; 0: as fast as possible.

        `tell` is called after every step.
        """
        for patient in day:
            self._at(patient.arrives, lambda patient=patient: self._arrive(patient))  # type: ignore[misc]
        began = time.monotonic()
        while self.steps:
            self.minute, _, step = heapq.heappop(self.steps)
            due = began + (self.minute - OPENS_AT_MINUTE) * 60 / speed if speed else 0.0
            self.wall.listen(max(0.0, due - time.monotonic()))
            step()
            tell()

    @property
    def clock(self) -> str:
        hours, minutes = divmod(int(self.minute), 60)
        return f"{hours:02d}:{minutes:02d}"

    def _at(self, minute: float, step: Callable[[], None]) -> None:
        heapq.heappush(self.steps, (minute, next(self.numbers), step))

    def _arrive(self, patient: Patient) -> None:
        code = self.receptionist.issue(service=patient.service, priority=patient.priority)
        self.patients[code] = patient
        self.waiting[patient.service] += 1
        for room in self.free:
            if patient.service in room.services:
                self._call(room)
                return

    def _call(self, room: Room) -> None:
        self.free.remove(room)
        called = self.clinician.call_next(room)
        patient = self.patients.get(called.code)
        if patient is None or called.code in self.called:
            raise CannotGoOn(f"{called.code} is no patient of this day: somebody else works at the same desk.")
        self.called[called.code] = called
        self.waiting[patient.service] -= 1
        self.waited[patient.priority].append(self.minute - patient.arrives)
        if patient.comes:
            self._at(self.minute + NUMBERS["minutes_to_come_in"]["value"], lambda: self._start(room, called, patient))
        else:
            self._at(self.minute + NUMBERS["minutes_until_missed"]["value"], lambda: self._miss(room, called))

    def _start(self, room: Room, called: Called, patient: Patient) -> None:
        self.clinician.start(called)
        self._at(self.minute + patient.minutes, lambda: self._complete(room, called))

    def _miss(self, room: Room, called: Called) -> None:
        self.clinician.miss(called)
        self.missed += 1
        self._leave(room)

    def _complete(self, room: Room, called: Called) -> None:
        self.clinician.complete(called)
        self.completed += 1
        self._leave(room)

    def _leave(self, room: Room) -> None:
        self.free.append(room)
        if any(self.waiting[service] for service in room.services):
            self._call(room)
