"""What ARCHITECTURE.md says of the code, where import-linter cannot see it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from clinic import env

APPS = ("clinic", "notifications", "queueing")
FILES = [path for app in APPS for path in sorted((env.BASE_DIR / app).rglob("*.py")) if "migrations" not in path.parts]
#: `Model.objects.create(`, `Model.objects.filter(...).update(` and the like.
WRITES = r"{model}\.objects(?:\.[a-z]+\([^)]*\))*\.(?:create|bulk_\w+|get_or_create|update_or_create|update|delete)\("
LONGEST_FILE = 300
LONGEST_FUNCTION = 30
LONGEST_VIEW = 20
LONGEST_RECEIVER = 5


def name(path: Path) -> str:
    return str(path.relative_to(env.BASE_DIR))


def functions(path: Path) -> list[tuple[str, int]]:
    """Name and number of lines of each."""
    nodes = ast.walk(ast.parse(path.read_text()))
    found = (node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [(f"{name(path)} {node.name}", node.end_lineno - node.lineno + 1) for node in found]


def files_with(pattern: str) -> set[str]:
    return {name(path) for path in FILES if re.search(pattern, path.read_text())}


class TestSize:
    def test_of_files(self):
        tests = sorted((env.BASE_DIR / "tests").rglob("*.py"))
        assert [name(path) for path in (*FILES, *tests) if len(path.read_text().splitlines()) > LONGEST_FILE] == []

    @pytest.mark.parametrize(
        ("files", "longest"),
        [
            (FILES, LONGEST_FUNCTION),
            ([path for path in FILES if path.parent.name == "views"], LONGEST_VIEW),
            ([path for path in FILES if path.name == "signals.py"], LONGEST_RECEIVER),
        ],
        ids=["functions", "views", "receivers"],
    )
    def test_of_functions(self, files, longest):
        assert files
        assert [found for path in files for found in functions(path) if found[1] > longest] == []


class TestWriters:
    def test_of_history_is_one(self):
        made = r"(?<![.\w])(?<!class )Event\("  # not threading.Event
        assert files_with(WRITES.format(model="Event")) == files_with(made) == {"queueing/history.py"}

    def test_of_cursors_is_one(self):
        assert files_with(WRITES.format(model="Cursor")) == {"notifications/sinks/base.py"}
