"""What can happen to a room during the day. Each is one transaction under the locks of the lines that it serves."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from queueing import acting, ordering
from queueing.acting import Person
from queueing.models import Room
from queueing.refusals import ReasonNeeded, RoomClosed, RoomOpen

#: Characters of a reason: as many as the room keeps.
LONGEST_REASON = 60


def pause(*, room_id: int, reason: str, actor: Person, at: datetime) -> Room:
    """Call nobody to the room until it is resumed. Whoever is in it stays.

    :raises ReasonNeeded: without a reason: the desk is asked why
    :raises RoomClosed: if it is closed already
    :raises Room.DoesNotExist: if there is no such room
    """
    if not reason.strip():
        raise ReasonNeeded(_("Please say why the room is paused."))
    with acting.act("room.paused", "call_ticket", actor=actor, at=at, reason=reason):
        room = _locked(room_id)
        if not room.is_open:
            raise RoomClosed(_("%(room)s is closed already. Nothing was changed.") % {"room": room})
        room.is_open, room.closed_because = False, reason.strip()[:LONGEST_REASON]
        room.save()
    return room


def resume(*, room_id: int, actor: Person, at: datetime) -> Room:
    """
    :raises RoomOpen: if it is open already
    :raises Room.DoesNotExist: if there is no such room
    """
    with acting.act("room.resumed", "call_ticket", actor=actor, at=at):
        room = _locked(room_id)
        if room.is_open:
            raise RoomOpen(_("%(room)s is open already. Nothing was changed.") % {"room": room})
        room.is_open, room.closed_because = True, ""
        room.save()
    return room


def _locked(room_id: int) -> Room:
    """Read under the locks of its lines, which every call to it takes too."""
    room = Room.objects.get(pk=room_id)
    ordering.lock(*room.shown_on())
    room.refresh_from_db()
    return room
