"""PostgreSQL (primary and replica) and Valkey as children of `runclinic`, where no URL names another server.

They listen on Unix sockets only. Whoever can open the socket is let in without a password, so the sockets stand
in a folder that only the engines' own user can enter.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from urllib.parse import quote

import psycopg
import redis
from psycopg import sql

from clinic import env, leftovers, processes, programs
from clinic.folders import Folders, make

ENGINES = {"DATABASE_URL": "primary", "REPLICA_URL": "replica", "REDIS_URL": "valkey"}
DATABASE = "clinic"
# Two servers of their own: the replica is filled by the worker, not by streaming.
SETTINGS = {"listen_addresses": "", "max_connections": "100", "unix_socket_permissions": "0700"}
# For tests: a crash of the machine may cost the data, a crash of a program may not.
CARELESS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
# Nothing of the clinic's own environment, which may hold its secrets.
ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C"}
# Recovery after a crash of the machine reads what was written since the last checkpoint.
SECONDS_TO_START = 120


def start(children: processes.Children, folders: Folders, *, durable: bool = True) -> dict[str, str]:
    """Start the engines that no variable replaces, and wait until they answer.

    :returns: the URLs of those engines by variable, and with the primary's also OWNER_DATABASE_URL
    :raises CannotStart: with one sentence
    """
    wanted = {variable: name for variable, name in ENGINES.items() if not env.given(variable)}
    servers = [name for name in wanted.values() if name != "valkey"]
    if servers:
        start_postgres(children, folders, servers, durable=durable)
    if "valkey" in wanted.values():
        start_valkey(children, folders)
    urls = {variable: url(folders, name) for variable, name in wanted.items()}
    if "DATABASE_URL" in urls:
        # Whoever works may write, but not rewrite what was written.
        urls |= {
            "OWNER_DATABASE_URL": urls["DATABASE_URL"],
            "DATABASE_URL": url(folders, "primary", user=env.runtime_role()),
        }
    return urls


def start_postgres(children: processes.Children, folders: Folders, names: Sequence[str], *, durable: bool) -> None:
    found = programs.find_postgres(programs_folder(folders))
    for name in names:
        leftovers.end(folders.data(name) / "data" / "postmaster.pid", signal.SIGINT)
        refuse_other_major(folders.data(name) / "data", found.major)
    fresh = [name for name in names if not (folders.data(name) / "data").exists()]
    children.run([initdb(folders, name, found) for name in fresh], seconds=SECONDS_TO_START)
    for name in fresh:
        # Renamed when complete: a folder that was left half made is never taken for data.
        (folders.data(name) / "new").rename(folders.data(name) / "data")
    kept = [server(folders, name, found, durable=durable) for name in names]
    for child in kept:
        children.keep(child)
    for child in kept:
        children.wait_until(partial(postgres_answers, folders, child), seconds=SECONDS_TO_START)
        create_database(folders, child.name)
        create_role(folders, child.name)


def start_valkey(children: processes.Children, folders: Folders) -> None:
    leftovers.end(folders.data("valkey") / "valkey.pid", signal.SIGTERM)
    child = valkey(folders, programs.find_valkey(programs_folder(folders)))
    children.keep(child)
    children.wait_until(partial(valkey_answers, folders, child), seconds=SECONDS_TO_START)


def programs_folder(folders: Folders) -> Path | None:
    """Where the engines' user finds a copy of the programs; None when it can simply use ours."""
    if not folders.user:
        return None
    make(folders.engines / "programs", mode=0o755)
    return folders.engines / "programs"


def refuse_other_major(data: Path, major: int) -> None:
    if not data.exists():
        return
    written = (data / "PG_VERSION").read_text().strip()
    if written != str(major):
        raise processes.CannotStart(
            f"The data in {data} were written by PostgreSQL {written}, but the programs are PostgreSQL {major}:"
            " bring them over with pg_dump or pg_upgrade, or move the folder away to begin with an empty clinic."
        )


def initdb(folders: Folders, name: str, found: programs.Postgres) -> processes.Child:
    new = folders.data(name) / "new"
    leftovers.remove(new)
    # The built-in locale sorts the same on every machine; servers before 17 take it from the C library.
    builtin = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    locale = builtin if found.major >= 17 else ["--locale=C.UTF-8"]
    command: list[str | Path] = [found.initdb, "-D", new, "-U", "postgres", "-E", "UTF8", "--auth=trust", *locale]
    return engine(folders, name, command, signal.SIGTERM)


def server(folders: Folders, name: str, found: programs.Postgres, *, durable: bool) -> processes.Child:
    make(folders.sockets / name, mode=0o700, user=folders.user)
    settings = SETTINGS if durable else SETTINGS | CARELESS
    options = [part for setting, value in settings.items() for part in ("-c", f"{setting}={value}")]
    command: list[str | Path] = [
        found.postgres,
        "-D",
        folders.data(name) / "data",
        "-k",
        folders.sockets / name,
        *options,
    ]
    # SIGINT is PostgreSQL's fast shutdown; on SIGTERM it would wait for its clients.
    return engine(folders, name, command, signal.SIGINT)


def valkey(folders: Folders, program: Path) -> processes.Child:
    # Saves nothing: what it holds is made again from the primary.
    options = {
        "--port": "0",
        "--unixsocket": str(folders.sockets / "valkey.sock"),
        "--unixsocketperm": "700",
        "--save": "",
        "--appendonly": "no",
        "--dir": str(folders.data("valkey")),
        # Its command line stays as it is: that is how a leftover is known.
        "--set-proc-title": "no",
        "--pidfile": str(folders.data("valkey") / "valkey.pid"),
    }
    command: list[str | Path] = [program, *(part for option in options.items() for part in option)]
    return engine(folders, "valkey", command, signal.SIGTERM)


def engine(folders: Folders, name: str, command: Sequence[str | Path], stop_signal: signal.Signals) -> processes.Child:
    return processes.Child(
        name=name,
        command=command,
        env=ENVIRONMENT,
        log=folders.log / f"{name}.log",
        folder=folders.data(name),
        user=folders.user,
        stop_signal=stop_signal,
        stops_last=True,
    )


def url(folders: Folders, name: str, *, user: str = "postgres") -> str:
    if name == "valkey":
        return f"unix://{quote(str(folders.sockets / 'valkey.sock'))}?db=0"
    return f"postgres://{quote(user, safe='')}@/{DATABASE}?host={quote(str(folders.sockets / name), safe='')}"


def postgres_answers(folders: Folders, child: processes.Child) -> bool:
    if child.code is not None:
        raise processes.CannotStart(processes.failure(child))
    try:
        connect(folders, child.name).close()
    except psycopg.OperationalError:
        return False
    return True


def valkey_answers(folders: Folders, child: processes.Child) -> bool:
    if child.code is not None:
        raise processes.CannotStart(processes.failure(child))
    try:
        with redis.Redis.from_url(url(folders, "valkey")) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def create_database(folders: Folders, name: str) -> None:
    with connect(folders, name) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
            connection.execute(f"CREATE DATABASE {DATABASE}")


def create_role(folders: Folders, name: str) -> None:
    """Of those who work on the primary. On the replica the worker stays the owner: it empties and fills the tables."""
    role = env.runtime_role()
    with connect(folders, name) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))


def connect(folders: Folders, name: str) -> psycopg.Connection:
    return psycopg.connect(
        host=str(folders.sockets / name), user="postgres", dbname="postgres", autocommit=True, connect_timeout=5
    )
