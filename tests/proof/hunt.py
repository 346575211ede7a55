"""Whether each planted bug is found, and nothing where there is none."""

from __future__ import annotations

import sys
import time

from django.db import connection

from tests.proof import verdict
from tests.proof.crew import Crew
from tests.proof.planted import BUGS, CONTROL

#: People work so long, then the clinic is looked at; so often at most.
SECONDS, ROUNDS = 1.5, 12
CLIENTS = 6


def hunt(house, names, seed, say):
    """Those that were not found. Says of each what found it, after how many presses."""
    wanted, missed = chosen(names), []
    house.keep_as_seeded()
    say("bug | found by | presses | seconds")
    for number, bug in enumerate(wanted):
        began = time.monotonic()
        sentence, presses = find(house, bug, f"{seed}-{number}")
        right = bool(sentence) != (bug is CONTROL)
        missed += [] if right else [bug.name]
        said = sentence or "nothing found"
        say(f"{'' if right else 'WRONG: '}{bug.name} | {said} | {presses} | {time.monotonic() - began:.1f}")
    return missed


def chosen(names):
    all_of_them = {bug.name: bug for bug in (*BUGS, CONTROL)}
    if unheard := set(names) - all_of_them.keys():
        sys.exit(f"There is no such bug: {', '.join(unheard)}")
    return [all_of_them[name] for name in names or all_of_them]


def find(house, bug, seed):
    """The sentence that finds it, or None; and how many presses it took."""
    house.empty()
    if bug.sql:
        with connection.cursor() as cursor:
            cursor.execute(bug.sql)
    with house.open(workers=bug.workers, web_faults=bug.web, worker_faults=bug.worker) as clinic:
        crew = Crew(clinic, house.folder / seed, number=CLIENTS, seed=seed)
        for _ in range(3 if bug is CONTROL else ROUNDS):
            with crew.at_work():
                time.sleep(SECONDS)
            if found := signs(bug, crew):
                return found[0].splitlines()[0], crew.presses
    return None, crew.presses


def signs(bug, crew):
    behind = verdict.wait_for_rest(bug.rest) if bug.workers else verdict.carry()
    problems, _ = verdict.problems(crew.journals)
    return [problem for problem in (*problems, *behind) if bug.sign in problem]
