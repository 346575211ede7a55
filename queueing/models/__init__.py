"""The tables."""

from __future__ import annotations

from queueing.models.events import Event
from queueing.models.patients import Patient
from queueing.models.rooms import Room, RoomService
from queueing.models.screens import Device, Display, DisplayService, Kiosk, PairingCode, Screen
from queueing.models.services import Line, Service
from queueing.models.tickets import IN_ROOM, OPEN, WAITS, Priority, Ticket, TicketQuerySet
from queueing.tracking import Tracked

__all__ = [
    "IN_ROOM",
    "OPEN",
    "TRACKED",
    "UNTRACKED",
    "WAITS",
    "Device",
    "Display",
    "DisplayService",
    "Event",
    "Kiosk",
    "Line",
    "PairingCode",
    "Patient",
    "Priority",
    "Room",
    "RoomService",
    "Screen",
    "Service",
    "Ticket",
    "TicketQuerySet",
]

TRACKED: tuple[type[Tracked], ...] = (
    *(Service, Room, RoomService),
    *(Display, DisplayService, Kiosk, Device),
    *(Patient, Ticket),
)
UNTRACKED = {
    Line: "its counters change with every ticket; the ticket's event tells why",
    Event: "it is the history",
    PairingCode: "it asks for something; what a person answers is a Device",
}
