"""A whole day at an urgent-care centre, through the clinic's own front doors."""

from __future__ import annotations

import json
import os
import time
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import Error
from tqdm import tqdm

from clinic import env
from clinic.simulation import day, play, report, staff, wall
from clinic.simulation.browser import Browser, CannotGoOn

PEOPLE = ("receptionist", "clinician")


class Command(BaseCommand):
    help = (
        "Plays a day at an urgent-care centre in a running clinic: signs in, issues and calls at the desk, completes"
        " in the admin, and listens as a display. Prints one JSON object; exits 1 unless everything came out right."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        port = os.environ.get("PORT") or "8000"
        parser.add_argument("--url", default=f"http://127.0.0.1:{port}/", help="the running clinic (%(default)s)")
        parser.add_argument(
            "--sign-ins",
            type=Path,
            help="JSON file with the username and password of receptionist and clinician;"
            " else SIGN_INS or SIGN_INS_FILE of the environment, else sign-ins.json of CLINIC_HOME",
        )
        parser.add_argument("--display", default="hall", metavar="SLUG", help="the display to listen as (%(default)s)")
        parser.add_argument("--seed", type=int, default=1, help="another number is another day (%(default)s)")
        parser.add_argument("--rooms", type=int, help="so many rooms work; all that are open when it is left out")
        parser.add_argument(
            "--speed", type=float, default=0, help="simulated minutes for each minute; 0: as fast as possible"
        )
        parser.add_argument("--patients", type=int, metavar="NUMBER", help="only the first so many of the day")
        parser.add_argument("--clear", action="store_true", help="first end the tickets that are still open")
        parser.add_argument(
            "--patience", type=float, default=30, metavar="SECONDS", help="for wall and sinks at the end (%(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = self.play(**options)
        except (CannotGoOn, Error) as problem:
            raise CommandError(str(problem)) from problem
        self.stdout.write(json.dumps(asdict(found)))
        if not found.is_good:
            raise SystemExit(1)

    def play(self, *, url: str, patience: float, **options: Any) -> report.Report:
        began = time.monotonic()
        site = url.rstrip("/") + "/"
        people = read_sign_ins(options["sign_ins"])
        receptionist = staff.Receptionist(signed_in(site, people["receptionist"]))
        clinician = staff.Clinician(signed_in(site, people["clinician"]))
        begin_empty(clinician, clear=options["clear"])
        with wall.Wall(site, options["display"]) as display:
            display.open(services=len(receptionist.services()))
            rooms = choose(clinician.rooms(), options["rooms"])
            played = play.Play(receptionist=receptionist, clinician=clinician, wall=display, rooms=rooms)
            run(played, seed=options["seed"], speed=options["speed"], first=options["patients"])
            display.wait_for(set(played.called), seconds=patience)
        report.expect_tickets(called.ticket_id for called in played.called.values())
        return report.measure(
            patience=patience,
            **counts(played, display),
            wait_minutes=report.waits(played.waited),
            wall_seconds=round(time.monotonic() - began, 1),
        )


def read_sign_ins(path: Path | None) -> dict[str, dict[str, str]]:
    """
    :raises CannotGoOn: if they are missing, or are not what they should be
    """
    given = "" if path else env.reader.ENVIRON.get("SIGN_INS", "")
    path = path or env.home() / "sign-ins.json"
    try:
        found = json.loads(given or path.read_text())
        return {person: {name: found[person][name] for name in ("username", "password")} for person in PEOPLE}
    except OSError as problem:
        raise CannotGoOn(
            f"The sign-ins cannot be read from {path} ({problem.strerror}): `make run` writes them on its first start;"
            " for another clinic, name a file with --sign-ins."
        ) from problem
    except (ValueError, KeyError, TypeError) as problem:
        raise CannotGoOn(
            f"{'SIGN_INS' if given else path} must be JSON with username and password of {' and '.join(PEOPLE)}."
        ) from problem


def signed_in(site: str, sign_in: dict[str, str]) -> Browser:
    browser = Browser(site)
    browser.sign_in(**sign_in)
    return browser


def begin_empty(clinician: staff.Clinician, *, clear: bool) -> None:
    """
    :raises CannotGoOn: if tickets are open and are not to be ended: they may be real people's
    """
    left = clinician.open_tickets()
    if left and not clear:
        codes = ", ".join(ticket.code for ticket in left[:5]) + (", ..." if len(left) > 5 else "")
        raise CannotGoOn(
            f"The day must begin with nobody waiting and every room free, and {len(left)} tickets are open ({codes}):"
            " end them at the desk, or with --clear."
        )
    for ticket in left:
        clinician.end(ticket)
    clinician.refresh()


def choose(rooms: list[staff.Room], wanted: int | None) -> list[staff.Room]:
    """
    :raises CannotGoOn: if so many rooms are not open
    """
    if not rooms or not 1 <= (wanted or 1) <= len(rooms):
        raise CannotGoOn(f"The clinic has {len(rooms)} open rooms, and the day needs {wanted or 'at least 1'}.")
    return rooms[:wanted]


def run(played: play.Play, *, seed: int, speed: float, first: int | None) -> None:
    """Show how far the day is on standard error."""
    served = {service for room in played.free for service in room.services}
    services = [name for name in played.receptionist.services() if name in served]
    patients = day.draw(seed=seed, services=services)[:first]
    with tqdm(total=len(patients), unit=" patients", desc="06:00", dynamic_ncols=True) as bar:

        def tell() -> None:
            bar.set_description_str(played.clock, refresh=False)
            bar.set_postfix_str(f"{played.waiting.total()} waiting", refresh=False)
            bar.update(played.completed + played.missed - bar.n)

        played.run(patients, speed=speed, tell=tell)


def counts(played: play.Play, display: wall.Wall) -> dict[str, int]:
    return {
        "issued": len(played.patients),
        "called": len(played.called),
        "completed": played.completed,
        "missed": played.missed,
        "shown": sum(code in display.shown for code in played.called),
        "shown_twice": sum(display.shown[code] > 1 for code in played.called),
        "not_shown": sum(code not in display.shown for code in played.called),
    }
