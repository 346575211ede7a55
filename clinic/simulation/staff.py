"""The people at work: a receptionist who issues tickets, and a clinician who calls, starts and completes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import bs4

from clinic.simulation.browser import Browser, CannotGoOn, Page, text

CODE = re.compile(r"\b[A-Z]{1,2}-\d{3,}\b")
DESK = "desk/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """`card` names the room's part of the desk page."""

    card: str
    name: str
    services: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    ticket_id: int
    code: str


class Receptionist:
    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.page = browser.get(DESK)

    def services(self) -> dict[str, str]:
        """Name -> what the form sends for it, of the services that take people now."""
        choices = self.page.soup.select("input[name=service_id]:not([disabled])")
        return {next(label_of(choice).stripped_strings): str(choice["value"]) for choice in choices}

    def issue(self, *, service: str, priority: str) -> str:
        """The code of a new ticket."""
        form = self.page.find("form:has(input[name=service_id])")
        self.page = self.browser.submit(self.page, form, service_id=self.services()[service], priority=priority)
        return code_in(self.page.says())


class Clinician:
    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.page = browser.get(DESK)

    def refresh(self) -> None:
        self.page = self.browser.get(DESK)

    def rooms(self) -> list[Room]:
        """The rooms that are open, when nobody is in them."""
        cards = self.page.soup.select("article:has(form[action*='/call-next/'])")
        return [
            Room(
                card=f"article#{card['id']}",
                name=text(one(card, "h3")),
                services=frozenset(text(one(card, "p")).split(", ")),
            )
            for card in cards
        ]

    def call_next(self, room: Room) -> Called:
        form = f"{room.card} form[action*='/call-next/']"
        if not self.page.soup.select_one(form):
            self.refresh()
        self.page = self.browser.submit(self.page, self.page.find(form))
        card = self.page.find(room.card)
        address = one(card, "form[action*='/start/']")["action"]
        return Called(ticket_id=number_in(str(address)), code=code_in(text(one(card, ".code"))))

    def start(self, called: Called) -> None:
        self._press(called, "start")

    def miss(self, called: Called) -> None:
        self._press(called, "miss")

    def complete(self, called: Called) -> None:
        """In the admin, where the link of the desk's room leads."""
        link = f"a[href$='/{called.ticket_id}/complete/']"
        if not self.page.soup.select_one(link):
            self.refresh()
        asked = self.browser.get(str(self.page.find(link)["href"]))
        self._completed(self.browser.submit(asked, asked.find("form:has(input[name=outcome])"), outcome="seen"))

    def open_tickets(self) -> list[Called]:
        """Those who wait, are held, or are in a room."""
        self.refresh()
        rows = self.page.soup.select("tr[id^=row-], article[id^=room-]:has(form[action*='/put-back/'])")
        return [Called(ticket_id=number_in(address_in(row)), code=text(one(row, ".code"))) for row in rows]

    def end(self, left: Called) -> None:
        """Cancel whoever waits; start and complete whoever is in a room."""
        page = self.browser.get(f"{DESK}tickets/{left.ticket_id}/")
        if start := self.page.soup.select_one(f"form[action*='/tickets/{left.ticket_id}/start/']"):
            self.page = self.browser.submit(self.page, start)
        if self.page.soup.select_one(f"a[href$='/{left.ticket_id}/complete/']"):
            self.complete(left)
        else:
            self.browser.submit(page, page.find("form[action*='/cancel/']"), reason="left over from another day")

    def _completed(self, answer: Page) -> None:
        if not answer.soup.select_one(".messagelist .success") or answer.soup.select_one(".messagelist .warning"):
            raise CannotGoOn(f"The admin did not complete a ticket: {answer.says() or 'no reason given'}")

    def _press(self, called: Called, verb: str) -> None:
        form = f"form[action*='/tickets/{called.ticket_id}/{verb}/']"
        self.page = self.browser.submit(self.page, self.page.find(form))


def address_in(part: bs4.Tag) -> str:
    """One that names the ticket of this part of the desk."""
    return str(one(part, "[action*='/tickets/'], [formaction*='/tickets/'], [data-ticket]").attrs)


def label_of(choice: bs4.Tag) -> bs4.Tag:
    return choice.find_parent("label") or choice


def one(part: bs4.Tag, selector: str) -> bs4.Tag:
    if found := part.select_one(selector):
        return found
    raise CannotGoOn(f"The desk shows no {selector} where it should: {text(part)}")


def code_in(words: str) -> str:
    if found := CODE.search(words):
        return found.group()
    raise CannotGoOn(f"The desk named no ticket where it should: {words or 'it said nothing'}")


def number_in(address: str) -> int:
    """
    >>> number_in("/desk/tickets/12/start/?service=3")
    12
    """
    return int(re.findall(r"/tickets/(\d+)/", address)[0])
