"""How long a gap in the order of a key must have lasted until a worker no longer waits for it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

__all__ = ["POLLS", "Patience"]

POLLS = 10


@dataclass(slots=True)
class Patience:
    """At least as long as the settings say, and as long as this worker's last polls took, any of which might have brought
    what is missing: a backlog, slow handlers or a broker that was away lose no order. Times are of one monotonic clock.
    """

    least: timedelta
    since: float
    """When this worker began to poll."""
    _polls: deque[float] = field(default_factory=lambda: deque(maxlen=POLLS))

    def polls(self, now: float) -> None:
        """Note that a poll begins."""
        self._polls.append(now)

    def at(self, now: float) -> timedelta | None:
        """How old a gap must be; `None` as long as this worker cannot judge of any."""
        if len(self._polls) < POLLS or now - self.since < self.least.total_seconds():
            return None
        return max(self.least, timedelta(seconds=now - self._polls[0]))
