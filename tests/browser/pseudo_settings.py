"""Settings of a clinic with one more language, in which a text that nobody marked, or no room is left for, shows.

Every text of ours and of Django stands in ⟦ ⟧, has accents and is two fifths longer: `en-xa`, chosen like any other.
"""

from __future__ import annotations

import re
from pathlib import Path

import django
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from clinic import env, translations
from clinic.settings import *  # noqa: F403

CODE = "en-xa"
ACCENTS = str.maketrans("AEIOUYaeiouyncs", "ÅÉÎÖÛÝåéîöûýñçš")
#: What stays as it is: placeholders, tags and entities.
KEPT = re.compile(r"%\(\w+\)[\d.]*[a-z]|%[a-z%]|\{\w*\}|<[^>]+>|&\w+;")
LONGER = 0.4
DJANGO = Path(django.__path__[0])
THEIRS = [DJANGO / "conf", *(DJANGO / "contrib" / app for app in ("admin", "auth"))]


def pseudo(text: str) -> str:
    parts = zip([*KEPT.split(text)], [*KEPT.findall(text), ""], strict=True)
    words = "".join(part.translate(ACCENTS) + kept for part, kept in parts)
    return f"⟦{words}{'·' * round(LONGER * len(KEPT.sub('', text)))}⟧"


def catalog() -> Catalog:
    found = Catalog(locale="en", domain="django")
    for path in THEIRS:
        with (path / "locale/en/LC_MESSAGES/django.po").open("rb") as file:
            _take(found, read_po(file))
    _take(found, translations.texts())
    return found


def _take(found: Catalog, texts: Catalog) -> None:
    for message in texts:
        if message.id:
            said = message.id if isinstance(message.id, tuple) else (message.id,)
            told = tuple(pseudo(text) for text in said)
            found.add(message.id, told if message.pluralizable else told[0], context=message.context)


def write(folder: Path) -> Path:
    made = folder / "en_XA" / "LC_MESSAGES" / "django.mo"
    made.parent.mkdir(parents=True, exist_ok=True)
    with made.open("wb") as file:
        write_mo(file, catalog())
    return folder


LANGUAGES = [*LANGUAGES, (CODE, "⟦Pseudo⟧")]  # noqa: F405
LOCALE_PATHS = [write(env.home() / "pseudo"), *LOCALE_PATHS]  # noqa: F405
