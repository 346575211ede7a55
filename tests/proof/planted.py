"""The bugs that a proof has to find, and the conditions under which each is there."""

from __future__ import annotations

from dataclasses import dataclass

from tests.proof import bugs, delivery_bugs


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    name: str
    #: Faults of the web processes and of the workers, as the injector takes them.
    web: tuple[str, ...] = ()
    worker: tuple[str, ...] = ()
    #: What is done to the database: a rule of it would be in the way of the bug.
    sql: str = ""
    #: Some words of the sentence that finds it.
    sign: str = ""
    #: Seconds in which the workers have to deliver everything.
    rest: float = 5

    @property
    def workers(self):
        return 2 if self.worker else 0


def planted(function):
    return f"plant {function.__module__}.{function.__qualname__}"


BUGS = [
    Bug(name="lines are not locked", web=(planted(bugs.no_lock),)),
    Bug(name="the second in line is called", web=(planted(bugs.calls_the_second),), sign="was next"),
    Bug(name="rolled back after the answer", web=(planted(bugs.rolled_back_after_all),), sign="is lost"),
    Bug(name="refused, though done", web=(planted(bugs.refused_though_done),), sign="was refused, and has happened"),
    Bug(
        name="the key is ignored",
        web=(planted(bugs.key_is_ignored),),
        sql="ALTER TABLE queueing_event DROP CONSTRAINT event_key_is_used_once",
        sign="happened 2 times",
    ),
    Bug(name="a timer completes", web=(planted(bugs.completes_by_a_timer),), sign="by nobody"),
    Bug(
        name="arrivals by the clock alone",
        web=(planted(bugs.clock_trembles), planted(bugs.arrives_by_the_clock)),
        sign="position is",
    ),
    Bug(name="head starts are forgotten", web=(planted(bugs.forgets_head_starts),), sign="position is"),
    Bug(name="always back to the end", web=(planted(bugs.puts_back_at_the_end),), sign="position is"),
    Bug(name="what was read before the lock is saved", web=(planted(bugs.saves_what_it_read_before_the_lock),)),
    Bug(
        name="an event of another ticket",
        web=(planted(bugs.writes_events_of_another_ticket),),
        sql="DROP TRIGGER ticket_has_history ON queueing_ticket; DROP TRIGGER ticket_steps_back ON queueing_ticket",
    ),
    Bug(
        name="two on one position",
        web=(planted(bugs.gives_a_position_twice),),
        sql="DROP INDEX ticket_one_per_position_while_waiting",
        sign="share a position",
    ),
    Bug(name="the answer names another ticket", web=(planted(bugs.names_another_ticket),), sign="was told of ticket"),
    Bug(name="moved one too far", web=(planted(bugs.moves_one_too_far),), sign="position is"),
    Bug(
        name="two in one room",
        web=(planted(bugs.calls_to_a_busy_room),),
        sql="DROP INDEX ticket_one_open_per_room",
        sign="room_busy",
    ),
    Bug(
        name="the trail reads by id",
        web=(planted(bugs.commits_slowly),),
        worker=(planted(delivery_bugs.reads_by_id),),
        sign="are not sealed",
    ),
    Bug(
        name="acknowledged before it is sealed",
        worker=(planted(delivery_bugs.acknowledges_before_it_is_done),),
        sign="are not sealed",
    ),
    Bug(
        name="a wake is the only trigger",
        web=("skip notifications.wake.wake",),
        worker=("put notifications.carrier.POLL 600",),
        sign="events to read",
    ),
    Bug(name="stale leaders write", worker=(planted(delivery_bugs.leads_always),), sign="the replica differs"),
    Bug(name="a copied row is lost", worker=(planted(delivery_bugs.loses_a_row),), sign="the replica differs"),
    Bug(
        name="boards get no version",
        web=(planted(delivery_bugs.gives_boards_no_version),),
        worker=(planted(bugs.well),),
        sign="the board of service",
    ),
]
#: No bug, and everything else that bugs need: nothing may be found.
CONTROL = Bug(
    name="no bug",
    web=(planted(bugs.clock_trembles), planted(bugs.commits_slowly), "skip notifications.wake.wake"),
    worker=(planted(bugs.well),),
    rest=20,
)
