"""Breaks a named function of the process it runs in. The product knows nothing of it.

kill before notifications.sinks.audit.seal      SIGKILL instead of the call
kill after notifications.sinks.replica.mirror   SIGKILL when it has returned
kill at 17 queueing.board.board                 SIGKILL when it is called with this key, or a row that has it
crash notifications.sinks.push.publish          a mistake in the program, whenever it is called
skip notifications.wake.wake                    the call does nothing
set clinic.databases.POOL reconnect_timeout 2   an entry of a dictionary, before Django is set up
put notifications.carrier.POLL 60               a name of a module
plant tests.proof.bugs.no_lock                  calls this function, which breaks something itself
clock /tmp/offset                               the time of day is off by so many seconds as the file says
"""

from __future__ import annotations

import functools
import inspect
import os
import signal
from datetime import timedelta
from pathlib import Path
from pkgutil import resolve_name

from django.utils import timezone


def prepare(faults):
    """What has to be there before Django is set up."""
    for name, entry, value in (fault.split()[1:] for fault in faults if fault.startswith("set ")):
        resolve_name(name)[entry] = float(value)


def install(faults):
    for fault in faults:
        match fault.split():
            case ["kill", "before", name]:
                replace(name, before)
            case ["kill", "after", name]:
                replace(name, after)
            case ["kill", "at", key, name]:
                replace(name, lambda work, key=int(key): at(work, key))
            case ["stop", "before", name]:
                replace(name, stopping)
            case ["crash", name]:
                replace(name, lambda _: crash)
            case ["skip", name]:
                replace(name, lambda work: lambda *args, **kwargs: None)
            case ["put", name, value]:
                replace(name, lambda _, value=value: float(value))
            case ["plant", name]:
                resolve_name(name)()
            case ["clock", path]:
                timezone.now = functools.partial(shifted, timezone.now, Path(path))


def replace(name, wrap):
    owner, _, attribute = name.rpartition(".")
    found = resolve_name(owner)
    setattr(found, attribute, wrap(getattr(found, attribute)))


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def before(work):
    return lambda *args, **kwargs: die()


def crash(*args, **kwargs):
    raise KeyError("a mistake")


def at(work, key):
    return lambda *args, **kwargs: die() if key in keys(args) else work(*args, **kwargs)


def keys(args):
    for each in args:
        yield from each if isinstance(each, list) else [getattr(each, "pk", each)]


def stopping(work):
    def stop_once(*args, **kwargs):
        if not stopped:
            stopped.append(True)
            os.kill(os.getpid(), signal.SIGSTOP)
        return work(*args, **kwargs)

    stopped = []
    return stop_once


def after(work):
    async def later(*args, **kwargs):
        await work(*args, **kwargs)
        die()

    def now(*args, **kwargs):
        work(*args, **kwargs)
        die()

    return later if inspect.iscoroutinefunction(work) else now


def shifted(now, path):
    return now() + timedelta(seconds=float(path.read_text() or 0))
