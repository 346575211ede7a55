"""`make prove`: people work with a clinic while its parts are killed; then it is asked whether that was one clinic.

`python -m tests.proof --seconds 20 --seed 7` does it shorter, and strikes as that seed says.
"""

from __future__ import annotations

import argparse
import logging
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.processes import wait_until
from tests.proof.house import house

#: Seconds after which a clinic that was healed has delivered everything.
REST = 60
#: Presses of each client before the first fault.
WARM = 5


def main():
    asked = options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and end everything that was started
    logging.disable()
    with house() as found:
        wrong = look_for_bugs(found, asked) if asked.bugs is not None else prove(found, asked)
    sys.exit(1 if wrong else 0)


def options():
    parser = argparse.ArgumentParser(prog="python -m tests.proof")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", default=secrets.token_hex(4))
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--bugs", nargs="*", metavar="BUG", help="look for planted bugs instead: these, or all")
    return parser.parse_args()


def look_for_bugs(found, asked):
    from tests.proof.hunt import hunt

    say(f"Seed {asked.seed}")
    missed = hunt(found, asked.bugs, asked.seed, say)
    say(f"Wrong about: {', '.join(missed)}" if missed else "Every bug was found, and nothing else.")
    return missed


def prove(found, asked):
    """Problems, printed."""
    from tests.proof import clinic, verdict
    from tests.proof.crew import Crew
    from tests.proof.nemesis import Nemesis

    say(f"Seed {asked.seed}: {asked.clients} clients for {asked.seconds:.0f} s")
    with found.open() as opened:
        crew = Crew(opened, found.folder / "clients", number=asked.clients, seed=asked.seed)
        nemesis = Nemesis(opened, asked.seed)
        with crew.at_work():
            wait_until(lambda: crew.presses > WARM * asked.clients)
            nemesis.work(asked.seconds)
        began = time.monotonic()
        behind = verdict.wait_for_rest(REST)
        rest = time.monotonic() - began
        problems, seconds = verdict.problems(crew.journals)
        problems += [*behind, *crew.surprises]
    report(crew, nemesis)
    say(f"at rest after {rest:.1f} s; history of {len(clinic.events())} events checked in {seconds:.1f} s")
    for problem in problems:
        say(f"PROBLEM: {problem}")
    say(f"Kept in {keep(found.folder)}" if problems else "No problem.")
    return problems


def report(crew, nemesis):
    from tests.proof import journal

    ends = Counter((entry.verb, entry.type) for entry in journal.read(crew.journals) if entry.type != journal.INVOKE)
    say(f"{'':12}{'ok':>7}{'fail':>7}{'unknown':>9}")
    for verb in [*sorted({verb for verb, _ in ends}), "all"]:
        say("{:12}{:>7}{:>7}{:>9}".format(verb, *(number(ends, verb, type_) for type_ in ("ok", "fail", "unknown"))))
    say("faults: " + ", ".join(f"{kind} {times}" for kind, times in sorted(nemesis.counts.items())))
    if nemesis.ended:
        say("ended by themselves, and started again: " + ", ".join(f"{k} {n}" for k, n in nemesis.ended.items()))


def number(ends, verb, type_):
    return sum(times for (of, how), times in ends.items() if how == type_ and verb in (of, "all"))


def keep(folder):
    """Journals and logs, after everything else is gone."""
    kept = Path(tempfile.mkdtemp(prefix="clinic-proof-failed-"))
    return shutil.copytree(folder, kept, dirs_exist_ok=True)


def say(line):
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
