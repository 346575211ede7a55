"""The word for a goal."""

from __future__ import annotations


def goal(reached: bool) -> str:
    return "reached" if reached else "missed"
