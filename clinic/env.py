"""The environment, read in one place. `NAME_FILE` names a file that holds the value of `NAME`."""

from __future__ import annotations

import os
from collections import ChainMap
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

BASE_DIR = Path(__file__).resolve().parent.parent
FORMS = {
    "DATABASE_URL": "postgres://user:password@host:5432/name",
    "REPLICA_URL": "postgres://user:password@host:5432/name",
    "REDIS_URL": "redis://host:6379/0",
    "WORKER_DATABASE_URL": "postgres://user:password@host:5432/name",
    "OWNER_DATABASE_URL": "postgres://owner:password@host:5432/name",
}
SCHEMES = {
    "DATABASE_URL": ("postgres", "postgresql"),
    "REPLICA_URL": ("postgres", "postgresql"),
    "REDIS_URL": ("redis", "rediss", "unix"),
    "WORKER_DATABASE_URL": ("postgres", "postgresql"),
    "OWNER_DATABASE_URL": ("postgres", "postgresql"),
}


def home() -> Path:
    """The folder of everything that a running clinic writes."""
    return Path(os.environ.get("CLINIC_HOME") or BASE_DIR / "var").resolve()


def running(folder: Path) -> dict[str, str]:
    """What the clinic that runs in this folder lets others know, so that `manage.py` works beside it.

    `runclinic` writes the file and removes it at the end. What the environment says itself comes first.
    """
    try:
        lines = (folder / "environment").read_text().splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line)


class Environment(FileAwareMapping):
    """A file's value without its last newline, and a sentence when it cannot be read."""

    def __getitem__(self, name: str) -> str:
        try:
            return str(super().__getitem__(name)).strip()
        except OSError as problem:
            raise ImproperlyConfigured(
                f"{name}_FILE names {self.env[f'{name}_FILE']}, which cannot be read: {problem.strerror}."
            ) from problem


class Reader(environ.Env):
    # No cache: it would outlive a change of the environment in tests, and settings read each name once.
    ENVIRON = Environment(env=ChainMap(os.environ, running(home())), cache=False)  # type: ignore[assignment]


reader = Reader()


def given(name: str) -> bool:
    """Whether `NAME` or `NAME_FILE` is set by whoever started this process."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def secret(name: str) -> str:
    value = secret_if_given(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. Start with `make run`, or set {name} or {name}_FILE.")
    return value


def secret_if_given(name: str) -> str:
    """Empty without it."""
    # Not reader.str(): it would take a value that begins with a dollar sign for the name of another variable.
    return str(reader.ENVIRON.get(name, ""))


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks with commas between; refused with a hint when one of them is neither."""
    try:
        return [ip_network(part.strip(), strict=False) for part in reader.list(name, default=[]) if part.strip()]
    except ValueError as problem:
        raise ImproperlyConfigured(
            f"{name} holds something that is no address and no network: {problem}. Its form is 10.0.0.7,10.1.0.0/16"
        ) from problem


def runtime_role() -> str:
    """Who web and worker are on the primary, where that is not whoever owns the tables."""
    return reader.str("RUNTIME_ROLE", default="clinic_app") or "clinic_app"


def url(name: str) -> str:
    """The address in DATABASE_URL or another of FORMS, and in REDIS_URL perhaps several with commas between.

    Refused with a hint when it cannot be one.
    """
    value = secret(name)
    each = value.split(",") if name == "REDIS_URL" else [value]
    if not all(usable(name, one.strip()) for one in each):
        # The value itself may hold a password, so it is not repeated.
        raise ImproperlyConfigured(f"{name} is not an address the clinic can use; its form is {FORMS[name]}")
    return value


def redis_urls() -> list[str]:
    return [one.strip() for one in url("REDIS_URL").split(",")]


def usable(name: str, value: str) -> bool:
    try:
        parts = urlsplit(value)
        port_is_a_number = parts.port is None or parts.port > 0
    except ValueError:
        return False
    needs_path = name != "REDIS_URL" or parts.scheme == "unix"
    return parts.scheme in SCHEMES[name] and port_is_a_number and (len(parts.path) > 1 or not needs_path)
