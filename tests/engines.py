"""Starts PostgreSQL and Valkey for a test run before Django reads its settings (`-p tests.engines`)."""

from __future__ import annotations

import os
import pwd
import secrets
import tempfile
from pathlib import Path

import pytest

from clinic import bundled, env, folders, processes, translations

children = processes.Children()
place = tempfile.TemporaryDirectory(prefix="clinic-test-", ignore_cleanup_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    translations.compile_stale()
    home = Path(place.name) / "home"
    # Nothing of a clinic that runs in this checkout.
    env.Reader.ENVIRON.env = os.environ
    os.environ["CLINIC_HOME"] = str(home)
    os.environ.setdefault("HTTPS", "0")  # the test client and the browser speak plain http, as under `make run`
    if not env.given("SECRET_KEY"):
        os.environ["SECRET_KEY"] = secrets.token_urlsafe(50)
    if not all(env.given(variable) for variable in bundled.ENGINES):
        Path(place.name).chmod(0o755)
        urls = bundled.start(children, folders.prepare(home), durable=False)
        if owner := urls.pop("OWNER_DATABASE_URL", ""):
            urls["DATABASE_URL"] = owner  # test databases are made, and emptied by TRUNCATE
        os.environ.update(urls)


def own_user() -> pwd.struct_passwd | None:
    """Who runs the engines; None: whoever runs the tests."""
    return folders.prepare(Path(os.environ["CLINIC_HOME"])).user


def pytest_unconfigure() -> None:
    children.stop()
    place.cleanup()
