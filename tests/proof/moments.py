"""When things were so. A moment is the event after which it is; the order of events is that of the lines' locks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from math import inf

from tests.proof.operations import Action

Scope = Hashable


class Spells:
    """From which event to which a thing was so."""

    def __init__(self) -> None:
        self._of: dict[Hashable, list[list[float]]] = defaultdict(list)

    def note(self, thing: Hashable, so: bool, moment: int) -> None:
        """It is so, or not, from this event on."""
        spells = self._of[thing]
        lasts = bool(spells) and spells[-1][1] == inf
        if so and not lasts:
            spells.append([moment, inf])
        elif lasts and not so:
            spells[-1][1] = moment

    def was(self, thing: Hashable, low: float, high: float) -> bool:
        """Whether it was so after one of the events from `low` to before `high`."""
        spells = self._of.get(thing, [])
        nth = bisect_left(spells, [high])
        return nth > 0 and spells[nth - 1][1] > low


@dataclass(slots=True)
class _Side:
    """Instants in their order; for each the action among those up to it that is furthest."""

    instants: list[float] = field(default_factory=list)
    furthest: list[tuple[int, Action]] = field(default_factory=list)


class Bounds:
    """Between which events of a scope, such as a line, anything must have been that began and ended when it did."""

    def __init__(self, happened: Iterable[tuple[Action, int, Iterable[Scope]]]) -> None:
        """Actions, each with its event and what that touched."""
        found: dict[Scope, list[tuple[int, Action]]] = defaultdict(list)
        for action, event, scopes in happened:
            for scope in scopes:
                found[scope].append((event, action))
        self._before = {scope: _told(pairs) for scope, pairs in found.items()}
        self._after = {scope: _asked(pairs) for scope, pairs in found.items()}

    def low(self, scope: Scope, instant: float) -> tuple[int, Action] | None:
        """The last event of an action that had ended by then."""
        side = self._before.get(scope)
        nth = bisect_left(side.instants, instant) if side else 0
        return side.furthest[nth - 1] if side and nth else None

    def high(self, scope: Scope, instant: float) -> tuple[int, Action] | None:
        """The first event of an action that began after it."""
        side = self._after.get(scope)
        nth = bisect_right(side.instants, instant) if side else 0
        return side.furthest[nth] if side and nth < len(side.instants) else None

    def window(self, scopes: Iterable[Scope], begin: float, end: float) -> tuple[float, float]:
        """The events from and before which something stands that was under the locks of all these scopes at once."""
        lows = [found[0] for scope in scopes if (found := self.low(scope, begin))]
        highs = [found[0] for scope in scopes if (found := self.high(scope, end))]
        return max(lows, default=0), min(highs, default=inf)


def _told(pairs: list[tuple[int, Action]]) -> _Side:
    side = _Side()
    for event, action in sorted(pairs, key=lambda pair: pair[1].end):
        if action.end < inf:
            side.instants.append(action.end)
            further = not side.furthest or event > side.furthest[-1][0]
            side.furthest.append((event, action) if further else side.furthest[-1])
    return side


def _asked(pairs: list[tuple[int, Action]]) -> _Side:
    side = _Side()
    for event, action in sorted(pairs, key=lambda pair: -pair[1].begin):
        side.instants.append(action.begin)
        further = not side.furthest or event < side.furthest[-1][0]
        side.furthest.append((event, action) if further else side.furthest[-1])
    side.instants.reverse()
    side.furthest.reverse()
    return side
