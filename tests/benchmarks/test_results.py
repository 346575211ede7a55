"""The table says what was measured."""

from __future__ import annotations

import json
from pathlib import Path

from bench import table

BENCH = Path(table.__file__).parent


def test_the_table_is_made_from_the_results():
    results = json.loads((BENCH / "results.json").read_text())

    assert (BENCH / "RESULTS.md").read_text() == table.text(results)
