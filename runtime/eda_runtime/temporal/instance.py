"""What travels between a saga's workflow and the world: plain values, which Temporal keeps as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic

from eda_runtime.saga.control import Event
from eda_runtime.saga.definition import State
from eda_runtime.saga.progress import Letter, Progress, Status

__all__ = ["Instance", "Order", "Outcome", "Said"]


@dataclass(frozen=True)
class Said:
    """What a message's envelope says: its id, by which it is taken once, and the id of what caused it."""

    id: str
    causationid: str | None = None


@dataclass
class Instance(Generic[State]):
    """An instance of a saga: what its workflow starts with, and carries on with when its history is full.

    `said` are the ids of the messages that it has taken.
    """

    id: str
    correlationid: str
    state: State
    progress: Progress = field(default_factory=Progress)
    history: list[Event] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    ended_at: int | None = None


@dataclass(frozen=True)
class Order(Generic[State]):
    """What an activity is to make and send: a letter, of a state, for an instance."""

    instance: str
    correlationid: str
    causationid: str | None
    letter: Letter
    state: State


@dataclass(frozen=True)
class Outcome(Generic[State]):
    """How an instance ended, and what it knew then."""

    status: Status
    state: State
