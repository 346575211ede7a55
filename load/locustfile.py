"""People at work on a site of your own: receptionists, displays and patients, for `make load`.

    make load HOST=https://staging.example SERVICE="Load test" USERS=20 TIME=2m

It issues real tickets, and calls them, in one service: that of SERVICE, which has to have a free room that serves
nothing else. Whatever it issued it ends. Who signs in is told by CLINIC_USER and CLINIC_PASSWORD, else by the
sign-ins.json of a clinic that runs under CLINIC_HOME.
"""

from __future__ import annotations

import json
import os
import random
import re
import secrets
import sys
from pathlib import Path

from bs4 import BeautifulSoup
from locust import FastHttpUser, between, constant, events, task

SERVICE = os.environ.get("SERVICE", "")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
#: Somebody else was faster, which is no failure.
FASTER = {"nobody_waiting", "room_busy", "already_missed", "already_cancelled", "already_called", "stale_version"}

if not SERVICE:
    sys.exit(
        "This issues real tickets, so say where: a service that nobody waits for, with a free room that serves nothing"
        ' else. For example: make load SERVICE="Load test"'
    )


def sign_in() -> dict[str, str]:
    if os.environ.get("CLINIC_USER"):
        return {"username": os.environ["CLINIC_USER"], "password": os.environ["CLINIC_PASSWORD"]}
    path = Path(os.environ.get("CLINIC_HOME") or "var") / "sign-ins.json"
    if not path.exists():
        sys.exit(f"Nobody to sign in as: set CLINIC_USER and CLINIC_PASSWORD; there is no {path}.")
    return dict(json.loads(path.read_text())["receptionist"])


class Place:
    """Where all of them work, found by the first who signed in."""

    service = room = ""
    #: Addresses of the pages of tickets that were issued, and the keys of those that may still be open.
    pages: list[str] = []
    ours: set[str] = set()


class Site(FastHttpUser):
    abstract = True

    def press(self, path: str, name: str, **sent: str):
        """The answer; being late is none of the site's failures."""
        sent |= {"csrfmiddlewaretoken": self.token, "key": secrets.token_hex(16)}
        headers = {"Referer": f"{self.host}/desk/"}
        with self.client.post(
            path, data=sent, name=name, headers=headers, allow_redirects=False, catch_response=True
        ) as answer:
            if answer.status_code == 302 or answer.headers.get("X-Refusal") in FASTER:
                answer.success()
            else:
                answer.failure(f"{answer.status_code} {answer.headers.get('X-Refusal', '')}")
        return answer


class Receptionist(Site):
    wait_time = between(1, 3)
    weight = 3

    def on_start(self):
        self.mine: set[str] = set()
        self.token = TOKEN.search(self.client.get("/sign-in/").text)[1]
        answer = self.press("/sign-in/", "/sign-in/", **sign_in())
        if answer.status_code != 302:
            give_up(self.environment, "The site does not take the sign-in.")
        self.look()

    def look(self) -> BeautifulSoup:
        page = BeautifulSoup(self.client.get("/desk/").text, "html.parser")
        self.token = page.select_one("[name=csrfmiddlewaretoken]")["value"]
        if not Place.room:
            find_place(self.environment, page)
        return page

    @task(3)
    def look_at_the_desk(self):
        self.look()

    @task(4)
    def issue(self):
        answer = self.press("/desk/issue/", "/desk/issue/", service_id=Place.service, priority="low")
        found = re.search(r"issued=(\d+)", answer.headers.get("Location", ""))
        if answer.status_code != 302 or not found:
            return
        self.mine.add(found[1])
        Place.ours.add(found[1])
        printed = self.client.get(f"/desk/tickets/{found[1]}/print/", name="/desk/tickets/[ticket]/print/").text
        Place.pages += re.findall(r'data-page="https?://[^/]+(/t/[^"]+)"', printed)

    @task(3)
    def call_and_note_a_no_show(self):
        """Who is called does not come: only a person completes a ticket, in the admin."""
        self.press(f"/desk/rooms/{Place.room}/call-next/", "/desk/rooms/[room]/call-next/")
        panel = self.client.get(f"/room/{Place.room}/", name="/room/[room]/").text
        there = re.search(r"/desk/tickets/(\d+)/miss/", panel)
        if there and there[1] in Place.ours:
            self.press(f"/desk/tickets/{there[1]}/miss/", "/desk/tickets/[ticket]/miss/")

    def on_stop(self):
        for ticket in self.mine:
            self.press(f"/desk/tickets/{ticket}/cancel/", "/desk/tickets/[ticket]/cancel/", reason="load test")


class Display(Site):
    """A screen that is not live asks every five seconds, and is mostly told that nothing has changed."""

    wait_time = constant(5)
    weight = 1
    version = ""

    @task
    def ask(self):
        if not Place.service:
            return
        headers = {"If-None-Match": self.version} if self.version else {}
        answer = self.client.get(f"/boards/{Place.service}.json", name="/boards/[service].json", headers=headers)
        self.version = answer.headers.get("ETag", "")


class Patient(Site):
    wait_time = between(2, 6)
    weight = 2

    @task
    def look(self):
        if Place.pages:
            self.client.get(random.choice(Place.pages[-50:]), name="/t/[ticket]/")  # noqa: S311


def find_place(environment, page: BeautifulSoup) -> None:
    choices = page.select("input[name=service_id]:not([disabled])")
    services = {next(choice.find_parent("label").stripped_strings): choice["value"] for choice in choices}
    rooms = [
        card.find("form")["action"].split("/")[3]
        for card in page.select("article.room")
        if card.select_one(".state.free") and card.find("p").get_text(strip=True) == SERVICE and card.find("form")
    ]
    if SERVICE not in services or not rooms:
        give_up(environment, f"There is no open service {SERVICE!r} with a free room that serves nothing else.")
    Place.service, Place.room = services[SERVICE], rooms[0]


def give_up(environment, why: str) -> None:
    print(why, file=sys.stderr)
    environment.process_exit_code = 2
    environment.runner.quit()
    raise SystemExit(2)


@events.quitting.add_listener
def say_where(environment, **_others) -> None:
    print(f"{len(Place.ours)} tickets were issued for {SERVICE}, and ended.", file=sys.stderr)
