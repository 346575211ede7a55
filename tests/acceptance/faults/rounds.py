"""Many short lives of a sink. For each line `SINK FAULT` of stdin a child takes what there is; how it ended is said.

A child is a fork, because a process of its own takes a second to start. No connection is open when it is made.
"""

from __future__ import annotations

import os
import sys
import threading
import time

import django

from tests.acceptance.faults import injector

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")


def live(name, fault):
    from notifications import worker
    from notifications.carrier import Carrier

    injector.install([fault])
    carrier = Carrier(worker.SINKS[name](), worker=f"round:{os.getpid()}", stop=threading.Event())
    while not carrier.leads():
        time.sleep(0.01)
    while carrier.step():
        pass
    carrier.end()


def ended(name, fault):
    """The exit code of a child; minus the number of the signal that ended it."""
    child = os.fork()
    if not child:
        try:
            live(name, fault)
        except Exception:
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    django.setup()
    for line in sys.stdin:
        sys.stdout.write(f"{ended(*line.strip().split(' ', 1))}\n")
        sys.stdout.flush()
