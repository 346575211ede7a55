"""Figures in the README and the docs: `59<!-- doors.http_per_second.issue -->` is that entry of results.json.

`a / b` is the ratio of two entries. `make bench` writes the figures anew, as precise as the page has them.
"""

from __future__ import annotations

import re
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

HOME = Path(__file__).parent.parent
PAGES = (HOME / "README.md", *sorted((HOME / "docs").glob("*.md")))
FIGURE = re.compile(r"(?P<number>\d[\d,]*(?:\.\d+)?)(?P<mark><!-- (?P<source>\w+\.[\w. /]+) -->)")


def fill_pages(found: dict[str, Any]) -> None:
    for page in PAGES:
        page.write_text(fill(page.read_text(), found))


def fill(text: str, found: dict[str, Any]) -> str:
    """The text with every marked figure as it was measured.

    :raises KeyError: if a figure names an entry that is not there
    """
    return FIGURE.sub(
        lambda figure: f"{like(figure['number'], measured(figure['source'], found))}{figure['mark']}", text
    )


def measured(source: str, found: dict[str, Any]) -> float:
    value, *divisors = (float(reduce(getitem, path.split("."), found)) for path in source.split(" / "))
    for divisor in divisors:
        value /= divisor
    return value


def like(number: str, value: float) -> str:
    """The value with as many decimals as this number has."""
    decimals = len(number.partition(".")[2])
    return f"{value:,.{decimals}f}"
