"""How long a channel keeps its messages. Provisioning only ever lengthens it: to shorten it is to delete messages."""

from __future__ import annotations

from datetime import timedelta

__all__ = ["FOREVER", "kept_longer", "spoken"]

DAY = timedelta(days=1)
FOREVER = timedelta(days=36_500)
"""What contracts say where a spec says that messages stay for ever."""


def kept_longer(there: timedelta, wanted: timedelta) -> str:
    """What a step adds about a channel that keeps its messages for longer than is wanted; nothing where it does not."""
    return f", keeps longer: {spoken(there)}" if there > wanted else ""


def spoken(retention: timedelta) -> str:
    if retention >= FOREVER:
        return "for ever"
    return f"{retention // DAY} days" if retention > DAY and not retention % DAY else str(retention)
