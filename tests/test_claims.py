"""Figures in the README and the docs are those that were measured."""

from __future__ import annotations

import json
import re

import pytest

from bench import claims

FOUND = json.loads((claims.HOME / "bench" / "results.json").read_text())
RESULTS = (claims.HOME / "bench" / "RESULTS.md").read_text()
README = claims.HOME / "README.md"
#: What only a measurement can say. A figure of the program's own ("120 seconds") is written without a unit of these.
UNITS = "ms|µs|kB|MB|GB|(?:rows |entries |check-ins )?a second|times as"
MEASURED = re.compile(rf"\d+(?:\.\d+)?(?P<mark><!--.*?-->)? (?:{UNITS})\b")


@pytest.mark.parametrize("page", claims.PAGES, ids=lambda page: page.name)
def test_figures_are_the_measured_ones(page):
    assert page.read_text() == claims.fill(page.read_text(), FOUND)


def test_the_readme_has_figures_and_each_stands_in_the_results_too():
    figures = [figure["number"] for figure in claims.FIGURE.finditer(README.read_text())]

    assert len(figures) > 5
    assert not [figure for figure in figures if figure not in RESULTS]


def test_the_readme_has_no_figure_of_another_source():
    assert not [found[0] for found in MEASURED.finditer(README.read_text()) if not found["mark"]]


class TestFill:
    @pytest.mark.parametrize(
        ("text", "filled"),
        [
            ("9<!-- a.b --> a second", "1,235<!-- a.b --> a second"),
            ("0.10<!-- a.b --> a second", "1,234.60<!-- a.b --> a second"),
            ("9.9<!-- a.b / a.c -->", "2.5<!-- a.b / a.c -->"),
            ("9 <!-- nothing.measured -->", "9 <!-- nothing.measured -->"),
        ],
    )
    def test_puts_the_measured_figure_in(self, text, filled):
        assert claims.fill(text, {"a": {"b": 1234.6, "c": 500}}) == filled

    def test_of_an_entry_that_is_not_there_fails(self):
        with pytest.raises(KeyError, match="c"):
            claims.fill("9<!-- a.c -->", {"a": {"b": 1}})
