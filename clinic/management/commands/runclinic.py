"""Runs the whole clinic: engines, tables, web process and worker, all of them as its children."""

from __future__ import annotations

import json
import logging
import socket
import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand

from clinic import bundled, env, folders, processes, reach, startup


class Command(BaseCommand):
    """Needs no Django settings, because it makes what they are read from: `manage.py` runs it before them."""

    help = "Run the whole clinic on this machine: databases, web process and worker."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
        try:
            self.run()
        except processes.Stopped:
            pass
        except (processes.CannotStart, ImproperlyConfigured) as problem:
            sys.exit(str(problem))
        except OSError as problem:
            sys.exit(f"The clinic cannot start: {problem.strerror} ({problem.filename or 'no file'})")

    def run(self) -> None:
        children = processes.Children()
        children.stop_on_signals()
        with startup.listen() as listener:
            places = folders.prepare(env.home())
            with folders.locked(places.home), folders.locked(places.engines), children:
                settings = startup.settings_for(places.home) | bundled.start(children, places)
                reach.check_all({name: settings.get(name) or env.url(name) for name in bundled.ENGINES})
                with startup.announced(places.home, settings):
                    self.serve(children, places.home, settings, listener)

    def serve(
        self, children: processes.Children, home: Path, settings: dict[str, str], listener: socket.socket
    ) -> None:
        first = startup.prepare(children, home, settings)
        startup.serve(children, home, settings, listener)
        if first:
            self.say_sign_ins(home / "sign-ins.json")
        self.say_ready(listener.getsockname()[1])
        children.watch()

    def say_ready(self, port: int) -> None:
        address = f"http://127.0.0.1:{port}/"
        self.stdout.write(f"Clinic queue is ready at {address}")
        for name, path in (("Desk", "desk/"), ("Display", "display/hall/"), ("Admin", "admin/")):
            self.stdout.write(f"  {name:<8} {address}{path}")
        self.stdout.flush()

    def say_sign_ins(self, path: Path) -> None:
        self.stdout.write(f"Sign-ins of the demo clinic, also in {path}:")
        for signs_in in json.loads(path.read_text()).values():
            self.stdout.write(f"  {signs_in['username']:<13} {signs_in['password']}")
        self.stdout.flush()
