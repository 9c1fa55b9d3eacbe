"""Times as senders and brokers count them, whom nothing keeps from counting further than a `datetime` does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["EPOCH", "LATEST", "from_milliseconds"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, tzinfo=UTC)
"""A day before the last, so that it can be written in any time zone, and rounded."""
MOST_MILLISECONDS = (LATEST - EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(count: float) -> datetime:
    """The nearest time that there is."""
    return EPOCH + timedelta(milliseconds=min(max(count, 0), MOST_MILLISECONDS))
