"""A clock that moves only when told to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

__all__ = ["Clock"]


@dataclass(slots=True)
class Clock:
    """The time of a test's database and broker."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def advance(self, by: timedelta) -> None:
        self.now += by

    def time(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """Since 1970."""
        return self.now.timestamp()
