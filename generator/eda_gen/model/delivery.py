"""Delivery policies of a receive operation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum


class Backoff(Enum):
    EXPONENTIAL = "exponential"
    FIXED = "fixed"


class OnFailure(Enum):
    PARK_KEY = "park-key"
    """Later messages of a failed message's key wait behind it."""
    SKIP = "skip"
    """Later messages of its key pass."""


class HandlerStyle(Enum):
    EACH = "each"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and when a failed message is tried again; `attempts` counts the first one, `jitter` is a share 0 to 1."""

    attempts: int = 5
    backoff: Backoff = Backoff.EXPONENTIAL
    initial: timedelta = timedelta(seconds=1)
    max: timedelta = timedelta(minutes=5)
    jitter: float = 0.2


@dataclass(frozen=True, slots=True)
class DeadLetter:
    address: str
    retention: timedelta = timedelta(days=14)
