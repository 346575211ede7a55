"""`make bench`: starts a clinic of its own as `make run` does, measures, and writes what was found.

That goes into results.json, RESULTS.md and its picture, and the figures of the README and the docs.

`python -m bench push` measures that one alone and keeps the other results.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from bench import BENCHES, claims, proxy, table
from bench.strategies import plot
from clinic import bundled, env

#: These have databases of their own, which no worker listens to.
ALONE = ("cycles", "statements", "day", "old", "audit", "replica")
FOLDER = Path(__file__).parent
RESULTS = FOLDER / "results.json"
#: What the environment says of another clinic; this one has engines and settings of its own.
OTHERS = {*bundled.ENGINES, "OWNER_DATABASE_URL", "SECRET_KEY", "DEBUG", "HTTPS", "ALLOWED_HOSTS"}
OTHERS |= {"CLINIC_HOME", "PORT", "BIND"}


def main() -> None:
    names = sorted(sys.argv[1:] or BENCHES, key=BENCHES.index)
    found: dict[str, Any] = json.loads(RESULTS.read_text()) if sys.argv[1:] and RESULTS.exists() else {}
    with tempfile.TemporaryDirectory(prefix="clinic-bench-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)  # as root, the engines run as another user
        with clinic(Path(place) / "home") as environment:
            found["measured_on"] = table.facts(environment["DATABASE_URL"])
            for name in names:
                found[name] = run(name, alone(environment, name) if name in ALONE else environment)
                keep(found)
    if "strategies" in found:
        plot.draw(found["strategies"], FOLDER / "strategies.svg")
    claims.fill_pages(found)
    print((FOLDER / "RESULTS.md").read_text())


def keep(found: dict[str, Any]) -> None:
    """After each bench, because the next one may fail."""
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    (FOLDER / "RESULTS.md").write_text(table.text(found))


def run(name: str, environment: dict[str, str]) -> dict[str, Any]:
    """In a process of its own, so that no bench warms up another."""
    print(f"Measuring {name} ...", file=sys.stderr)
    ran = subprocess.run(
        [sys.executable, "-m", f"bench.{name}"], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@contextlib.contextmanager
def clinic(home: Path) -> Iterator[dict[str, str]]:
    """A clinic that runs; the environment in which others work beside it."""
    kept = {name: value for name, value in os.environ.items() if name not in OTHERS}
    environment = {**kept, "CLINIC_HOME": str(home), "PORT": str(proxy.free_port())}
    command = [sys.executable, "manage.py", "runclinic"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            wait_ready(process)
            yield {**environment, **env.running(home), "DJANGO_SETTINGS_MODULE": "clinic.settings"}
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate()


def wait_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout
    for line in process.stdout:
        if "is ready" in line:
            return
    sys.exit("The clinic did not start; the reason is above.")


def alone(environment: dict[str, str], name: str) -> dict[str, str]:
    """The same servers with empty databases, as their owner."""
    owners = {"DATABASE_URL": environment["OWNER_DATABASE_URL"], "REPLICA_URL": environment["REPLICA_URL"]}
    urls = {variable: another_database(url, name) for variable, url in owners.items()}
    for alias in ("default", "replica"):
        command = [sys.executable, "manage.py", "migrate", "--database", alias, "--verbosity", "0"]
        subprocess.run(command, env={**environment, **urls}, check=True)
    return {**environment, **urls}


def another_database(url: str, name: str) -> str:
    """An empty one on the same server."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE bench_{name}".encode())
    return url.replace(f"/{bundled.DATABASE}?", f"/bench_{name}?")


if __name__ == "__main__":
    main()
