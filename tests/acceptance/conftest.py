"""Clinics that are ended after the test, whatever came of it."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest

from clinic import folders
from tests.acceptance.clinics import COMMAND, Clinic
from tests.processes import wait_until


@contextlib.contextmanager
def clinics(folder: Path):
    """Starts clinics, in this folder unless told otherwise, and ends them all."""
    made = []

    def make(home: Path = folder / "home", command: tuple[str, ...] = COMMAND, **variables: str) -> Clinic:
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


@pytest.fixture
def make_clinic(tmp_path):
    with clinics(tmp_path) as make:
        yield make


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """One clinic, with its demo, for all tests of a module that leave it as it is."""
    with clinics(tmp_path_factory.mktemp("running")) as make:
        clinic = make().wait_ready()
        wait_until((clinic.home / "sign-ins.json").exists)
        yield clinic
