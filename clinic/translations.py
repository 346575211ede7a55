"""The catalogs: all that people read, in every language. Made with Babel, so that no machine needs GNU gettext."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from clinic import env

FOLDER = env.BASE_DIR / "locale"
APPS = ("clinic", "notifications", "queueing")
#: Names of gettext's functions -> which arguments are the text, the plural, the context (c).
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
WIDTH = 120


def catalogs() -> list[Path]:
    return sorted(FOLDER.glob("*/LC_MESSAGES/django.po"))


def compiled(path: Path) -> Path:
    """What gettext reads at work. Not kept in git: it is made wherever the clinic is installed."""
    return path.with_suffix(".mo")


def is_stale(path: Path) -> bool:
    made = compiled(path)
    return not made.exists() or made.stat().st_mtime < path.stat().st_mtime


def compile_stale() -> list[Path]:
    """Returns the catalogs that were compiled."""
    stale = [path for path in catalogs() if is_stale(path)]
    for path in stale:
        made = io.BytesIO()
        write_mo(made, read(path))
        # Renamed when complete: another process may be reading it.
        new = path.with_suffix(f".{id(made)}.new")
        new.write_bytes(made.getvalue())
        new.replace(compiled(path))
    return stale


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, domain="django")


def update(path: Path) -> Catalog:
    """Bring one catalog up to date with the texts of the code: new ones are empty, those that are gone leave."""
    catalog = read(path)
    catalog.update(texts(), no_fuzzy_matching=True, update_header_comment=False, update_creation_date=False)
    with path.open("wb") as file:
        write_po(file, catalog, width=WIDTH, include_lineno=False, ignore_obsolete=True, sort_by_file=True)
    return catalog


def texts() -> Catalog:
    """Every text in code and templates that is marked to be translated."""
    found = Catalog(domain="django", charset="utf-8")
    for path, code in sources():
        for line, text, comments, context in extract("python", io.BytesIO(code.encode()), KEYWORDS, ["Translators:"]):
            place = str(path.relative_to(env.BASE_DIR))
            found.add(text, locations=[(place, line)], auto_comments=comments, context=context)
    return found


def sources() -> Iterator[tuple[Path, str]]:
    for app in APPS:
        for path in sorted((env.BASE_DIR / app).rglob("*.py")):
            yield path, path.read_text()
    for path in sorted((env.BASE_DIR / "templates").rglob("*.html")):
        # In parentheses, where Python does not mind how the lines of a template are indented.
        yield path, f"({templatize(path.read_text(), origin=str(path))}\n)"
