"""Pages and forms, as a browser without JavaScript has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import bs4
import requests

SECONDS = 30


class CannotGoOn(Exception):
    """One sentence for the person who runs the simulation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    url: str
    status: int
    soup: bs4.BeautifulSoup

    def find(self, selector: str) -> bs4.Tag:
        """
        :raises CannotGoOn: if there is no such element
        """
        if found := self.soup.select_one(selector):
            return found
        raise CannotGoOn(f"The page {self.url} has no {selector}: {self.says() or 'it says nothing of the reason'}")

    def says(self) -> str:
        """Its notices and complaints."""
        selectors = ".notice, .messagelist li, .errornote, .errorlist li"
        return " ".join(text(found) for found in self.soup.select(selectors))


class Browser:
    """One person's, signed in or not."""

    def __init__(self, site: str) -> None:
        self.site = site
        self.session = requests.Session()
        # A connection that is kept may be closed by the clinic just when the next form is sent on it.
        self.session.headers["Connection"] = "close"

    def get(self, address: str) -> Page:
        return self._page(self._send("GET", urljoin(self.site, address)))

    def submit(self, page: Page, form: bs4.Tag, **typed: str) -> Page:
        """Send a form with what stands in it already and what is typed; the page that comes back.

        :raises CannotGoOn: if it is refused
        """
        # Under https, Django asks for the page that a form was sent from.
        headers = {"Referer": page.url}
        fields = [*fields_of(form, without=typed), *typed.items()]
        target = urljoin(page.url, str(form.get("action") or ""))
        answer = self._page(self._send("POST", target, data=fields, headers=headers))
        if answer.status >= 400:
            raise CannotGoOn(f"The clinic refused {target} ({answer.status}): {answer.says() or 'no reason given'}")
        return answer

    def sign_in(self, *, username: str, password: str) -> None:
        """
        :raises CannotGoOn: if the clinic does not know them
        """
        page = self.get("sign-in/")
        form = page.find("form:has(input[type=password])")
        answer = self.submit(page, form, username=username, password=password)
        if answer.soup.select_one("input[type=password]"):
            raise CannotGoOn(f"The clinic did not let {username} in: are these the sign-ins of {self.site}?")

    def _send(self, method: str, url: str, **sent: Any) -> requests.Response:
        try:
            return self.session.request(method, url, timeout=SECONDS, **sent)
        except requests.RequestException as problem:
            raise CannotGoOn(
                f"No clinic answers at {self.site} ({type(problem).__name__}):"
                " start one with `make run`, or name another with --url."
            ) from problem

    def _page(self, answer: requests.Response) -> Page:
        if answer.status_code >= 500 or answer.status_code == 404:
            raise CannotGoOn(f"The clinic answered {answer.status_code} at {answer.url}.")
        return Page(url=answer.url, status=answer.status_code, soup=bs4.BeautifulSoup(answer.text, "html.parser"))


def fields_of(form: bs4.Tag, *, without: dict[str, str]) -> list[tuple[str, str]]:
    """What a browser sends of a form that nobody touched, but for these names."""
    found = []
    for field in form.select("input[name], textarea[name]"):
        name, kind = str(field["name"]), field.get("type", "text")
        chosen = kind not in ("radio", "checkbox", "submit") or (kind != "submit" and field.has_attr("checked"))
        if chosen and name not in without and not field.has_attr("disabled"):
            found.append((name, str(field.get("value", ""))))
    return found


def text(found: bs4.Tag) -> str:
    return " ".join(found.get_text(" ", strip=True).split())
