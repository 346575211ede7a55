"""The steps from a folder to a clinic that answers. Each is a child of `runclinic` with the settings made here."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import socket
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from clinic import env, folders, processes

WEB = (
    *("-m", "daphne", "--verbosity", "0", "--no-server-name"),
    # When thousands of screens come back at once, the last of them waits: whoever is sent away only comes again.
    *("--websocket_connect_timeout", "120"),
    # A display whose network is gone is closed within 30 s.
    *("--ping-interval", "15", "--ping-timeout", "15"),
    *("--http-timeout", "30", "--application-close-timeout", "10"),
    *("--websocket-max-message-size", "65536", "--websocket-max-frame-size", "65536"),
)
#: Nobody who serves or delivers gets to know it.
OWNER = "OWNER_DATABASE_URL"
SECONDS_TO_MIGRATE = 3600
SECONDS_TO_ANSWER = 60
#: Screens and people that wait while a web process starts again; the system may allow fewer.
BACKLOG = 4096


def listen() -> socket.socket:
    """The clinic's address. Held here, so that while a dead web process starts again visitors wait, not fail.

    :raises CannotStart: if another program has it
    """
    host, port = os.environ.get("BIND") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise processes.CannotStart(f"PORT is {port!r}, but must be a number from 1 to 65535.")
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
    except OSError as problem:
        raise processes.CannotStart(
            f"The clinic cannot listen on port {port} of {host} ({problem.strerror}):"
            " stop the program that does, or choose another port with PORT=8001."
        ) from problem
    listener.listen(BACKLOG)
    return listener


def settings_for(home: Path) -> dict[str, str]:
    """What the environment does not say itself."""
    made = {}
    if not env.given("SECRET_KEY"):
        made["SECRET_KEY"] = secret_key(home)
    if not env.given("HTTPS"):
        # On this machine only, where browsers trust plain http.
        made["HTTPS"] = "0"
    return made


def secret_key(home: Path) -> str:
    """Made once: with another key nobody would be signed in any more."""
    path = home / "secret_key"
    if not path.exists():
        folders.write_private(path, secrets.token_urlsafe(50))
    return path.read_text()


@contextlib.contextmanager
def announced(home: Path, settings: Mapping[str, str]) -> Iterator[None]:
    """Let `manage.py` of others work beside this clinic while it runs: see `env.running`."""
    folders.write_private(home / "environment", "".join(f"{name}={value}\n" for name, value in settings.items()))
    try:
        yield
    finally:
        (home / "environment").unlink(missing_ok=True)


def prepare(children: processes.Children, home: Path, settings: Mapping[str, str]) -> bool:
    """Bring tables and static files up to date. Fills an empty clinic once; tells whether it did."""
    unlimited = {**settings, "DATABASE_LIMITS": "0"}
    children.run(
        [
            command("migrate", home, as_owner(unlimited), "migrate", "--no-input"),
            command("migrate-replica", home, unlimited, "migrate", "--no-input", "--database=replica"),
            command("static", home, settings, "collectstatic", "--no-input", "--verbosity=0"),
        ],
        seconds=SECONDS_TO_MIGRATE,
    )
    seeded, sign_ins = home / "seeded", home / "sign-ins.json"
    if seeded.exists():
        return False
    children.run([command("seeddemo", home, settings, "seeddemo", f"--sign-ins={sign_ins}")], seconds=120)
    seeded.touch()
    return sign_ins.exists()


def as_owner(settings: Mapping[str, str]) -> dict[str, str]:
    """For the migration alone: the primary's address for whoever owns the tables, where that is another one."""
    owner = settings.get(OWNER) or (env.url(OWNER) if env.given(OWNER) else "")
    return {**settings, "DATABASE_URL": owner, "DATABASE_URL_FILE": ""} if owner else dict(settings)


def serve(children: processes.Children, home: Path, settings: Mapping[str, str], listener: socket.socket) -> None:
    """Start web process and worker, and wait until a page comes back."""
    fd = listener.fileno()
    web = python("web", home, settings, *WEB, "--fd", str(fd), "clinic.asgi:application", passed_fds=(fd,))
    children.keep(web)
    children.keep(command("worker", home, settings, "deliver"))
    children.wait_until(partial(answers, web, listener), seconds=SECONDS_TO_ANSWER)


def answers(web: processes.Child, listener: socket.socket) -> bool:
    if web.code is not None:
        raise processes.CannotStart(processes.failure(web))
    host, port = listener.getsockname()
    visitor = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=1)  # noqa: S104
    try:
        visitor.request("GET", "/livez", headers={"Host": own_name()})
        return visitor.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        visitor.close()


def own_name() -> str:
    """A name that ALLOWED_HOSTS lets in."""
    allowed = (os.environ.get("ALLOWED_HOSTS") or "127.0.0.1").split(",")
    name = allowed[0].strip().lstrip(".")
    return "127.0.0.1" if name == "*" else name


def command(name: str, home: Path, settings: Mapping[str, str], *arguments: str) -> processes.Child:
    return python(name, home, settings, "manage.py", *arguments)


def python(
    name: str, home: Path, settings: Mapping[str, str], *arguments: str, passed_fds: tuple[int, ...] = ()
) -> processes.Child:
    given = {name: value for name, value in {**os.environ, **settings}.items() if not name.startswith(OWNER)}
    own = {"CLINIC_HOME": str(home), "DJANGO_SETTINGS_MODULE": "clinic.settings", "PYTHONUNBUFFERED": "1"}
    return processes.Child(
        name=name,
        command=[sys.executable, *arguments],
        env={**given, **own},
        log=home / "log" / f"{name}.log",
        folder=env.BASE_DIR,
        passed_fds=passed_fds,
    )
