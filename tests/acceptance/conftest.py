"""Clinics that are ended after the test, whatever came of it."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest

from clinic import folders
from tests.acceptance.clinics import COMMAND, Clinic


@pytest.fixture
def make_clinic(tmp_path):
    made = []

    def make(home: Path = tmp_path / "home", command: tuple[str, ...] = COMMAND, **variables: str) -> Clinic:
        made.append(Clinic(home, **variables))
        return made[-1].start(command)

    yield make
    for clinic in made:
        clinic.end()
        engines = (clinic.home / "engines").resolve()
        shutil.rmtree(folders.sockets(engines), ignore_errors=True)
        shutil.rmtree(engines, ignore_errors=True)
        with contextlib.suppress(OSError):
            # As root: the place that all clinics share, if this was the only one.
            folders.SHARED.rmdir()
