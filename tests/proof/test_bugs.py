from __future__ import annotations

from clinic import env
from tests.proof.planted import BUGS


def test_page_names_every_bug():
    page = (env.BASE_DIR / "docs" / "proof.md").read_text()
    assert [bug.name for bug in BUGS if f"| {bug.name} |" not in page] == []
