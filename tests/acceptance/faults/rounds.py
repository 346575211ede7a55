"""Many short lives of a sink. For each line `SINK FAULT` of stdin a child takes what there is; how it ended is said.

A child is a fork, because a process of its own takes a second to start. No connection is open when it is made.
"""

from __future__ import annotations

import os
import sys

import django

from tests.acceptance.faults import injector

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")


def live(name, fault):
    from notifications import worker

    injector.install([fault])
    sink = worker.SINKS[name]()
    while sink.step():
        pass


def ended(name, fault):
    """The exit code of a child; minus the number of the signal that ended it."""
    child = os.fork()
    if not child:
        try:
            live(name, fault)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    django.setup()
    for line in sys.stdin:
        sys.stdout.write(f"{ended(*line.strip().split(' ', 1))}\n")
        sys.stdout.flush()
