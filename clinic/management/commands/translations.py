"""Keeps the catalogs of texts: see docs/glossary.md for the words of each language."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from clinic import env, translations


class Command(BaseCommand):
    help = "Compile the catalogs under locale/ that have changed. With --update, first take in the texts of the code."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--update", action="store_true", help="add new texts, untranslated, and drop unused ones")

    def handle(self, *args: Any, update: bool, **options: Any) -> None:
        if update:
            for path in translations.catalogs():
                catalog = translations.update(path)
                missing = sum(not all(forms(message.string)) for message in catalog if message.id)
                self.stdout.write(f"{path.relative_to(env.BASE_DIR)}: {len(catalog)} texts, {missing} not translated")
        for path in translations.compile_stale():
            self.stdout.write(f"Compiled {path.relative_to(env.BASE_DIR)}")


def forms(string: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """A translation has one, or one for each number that its language knows."""
    return list(string) if isinstance(string, tuple | list) else [string or ""]
