"""Spoken pieces that were rendered beforehand: letters, figures, rooms and the words around them, as WAV files.

Displays put a call together from them. What is missing is left to the voices of the browser.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from string import ascii_uppercase, digits

from clinic import env
from clinic.words import Words
from queueing.models import Room

PROGRAM = "espeak-ng"
#: Words a minute, and no pause after the end.
MANNER = ("-s", "145", "-z")
#: What separates pieces and is not spoken; static/js/sound.js knows the same.
BETWEEN = " ,.،"


def folder() -> Path:
    return env.home() / "speech"


def name(language: str, text: str) -> str:
    """Of the file, without its ending: the same for the same words, so that browsers may keep it for ever."""
    return hashlib.sha256(f"{language}\n{text}".encode()).hexdigest()[:32]


def pieces(said: Words) -> list[str]:
    """Everything that calls in this language are put together from."""
    around = [piece.strip(BETWEEN) for piece in re.split(r"\{\w+\}", said["say"])]
    return [*filter(None, around), *ascii_uppercase, *digits, *Room.objects.values_list("name", flat=True)]


def clips(languages: Sequence[Words]) -> dict[str, dict[str, str]]:
    """Language -> text -> name of its file, of those that were rendered."""
    there = {path.stem for path in folder().glob("*.wav")}
    if not there:
        return {}
    return {said["lang"]: {t: n for t in pieces(said) if (n := name(said["lang"], t)) in there} for said in languages}


def render(languages: Iterable[Words]) -> int:
    """Make what is missing, and say how many that were.

    :raises FileNotFoundError: if the program is not installed
    :raises subprocess.CalledProcessError: if it has no such voice
    """
    folder().mkdir(mode=0o755, parents=True, exist_ok=True)
    wanted = {name(said["lang"], text): (said["lang"], text) for said in languages for text in pieces(said)}
    missing = {stem: what for stem, what in wanted.items() if not (folder() / f"{stem}.wav").exists()}
    for stem, (language, text) in missing.items():
        _speak(language, text, folder() / f"{stem}.wav")
    return len(missing)


def _speak(language: str, text: str, path: Path) -> None:
    """Whole or not at all: a screen may ask for it meanwhile."""
    with tempfile.TemporaryDirectory(dir=path.parent) as beside:
        draft = Path(beside) / path.name
        # The text goes by stdin: a room may be called -h.
        command = [PROGRAM, "-v", language, *MANNER, "-w", str(draft), "--stdin"]
        subprocess.run(command, input=text.encode(), check=True, capture_output=True, timeout=30)
        draft.replace(path)
