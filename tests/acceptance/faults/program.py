"""A process of the clinic with faults: `python -m tests.acceptance.faults.program FAULT... -- deliver`, or daphne."""

from __future__ import annotations

import os
import sys

import django

from tests.acceptance.faults import injector

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")


def main(faults, command):
    injector.prepare(faults)
    django.setup()
    injector.install(faults)
    if command[0] == "daphne":
        from daphne.cli import CommandLineInterface

        CommandLineInterface().run(command[1:])
    else:
        from django.core.management import execute_from_command_line

        execute_from_command_line(["manage.py", *command])


if __name__ == "__main__":
    end = sys.argv.index("--")
    main(sys.argv[1:end], sys.argv[end + 1 :])
