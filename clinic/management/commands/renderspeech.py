"""Speaks the pieces of calls into files, for displays whose browsers have no voice."""

from __future__ import annotations

import subprocess
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from clinic import speech, words
from queueing.models import Display


class Command(BaseCommand):
    help = (
        "Speak letters, figures, rooms and the words around them, in each language of a display, into WAV files that"
        " displays then use. Needs espeak-ng. Again after a room was added; what is there already stays."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        displays = Display.objects.filter(sound=Display.Sound.SPEECH)
        languages = {said["lang"]: said for display in displays for said in words.words(display)}
        try:
            made = speech.render(languages.values())
        except FileNotFoundError as problem:
            raise CommandError(
                "espeak-ng is not installed (on Debian and Ubuntu: sudo apt install espeak-ng)."
                " Without it displays speak with the voices of their browsers."
            ) from problem
        except subprocess.CalledProcessError as problem:
            raise CommandError(f"espeak-ng does not speak: {problem.stderr.decode().strip()}") from problem
        self.stdout.write(f"{made} pieces were spoken, in {' '.join(languages) or 'no language'}.")
