"""What travels between a saga's workflow and the world, and is kept as JSON.

Models, whose fields are known once they are defined: Temporal's sandbox hides the modules that a dataclass needs for it.
"""

from __future__ import annotations

from typing import Generic

from pydantic import BaseModel, SerializeAsAny

from eda_runtime.saga.control import Event
from eda_runtime.saga.definition import State
from eda_runtime.saga.progress import Letter, Progress, Status

__all__ = ["Instance", "Order", "Outcome", "Said"]


class Said(BaseModel):
    """What a message's envelope says: its id, by which it is taken once, and the id of what caused it."""

    id: str
    causationid: str | None = None


class Instance(BaseModel, Generic[State]):
    """An instance of a saga: what its workflow starts with, and goes on with when its history is full.

    `said` are the ids of the messages that it has taken. `ended_at`, where it stays open behind its end, is until when.
    """

    id: str
    correlationid: str
    state: SerializeAsAny[State]
    progress: Progress
    history: list[Event]
    said: list[str]
    ended_at: int | None = None


class Order(BaseModel, Generic[State]):
    """What an activity is to make and send: a letter, of a state, for an instance."""

    instance: str
    correlationid: str
    causationid: str | None
    letter: Letter
    state: SerializeAsAny[State]


class Outcome(BaseModel, Generic[State]):
    """How an instance ended, and what it knew then."""

    status: Status
    state: SerializeAsAny[State]
