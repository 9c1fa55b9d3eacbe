"""The activities of a saga, one for each message that it sends: make it of the state, and put it into the outbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from temporalio import activity

from eda_runtime.saga.definition import AnySaga
from eda_runtime.saga.letters import queue
from eda_runtime.saga.progress import Letter
from eda_runtime.service import Service
from eda_runtime.temporal.instance import Order

__all__ = ["activities", "activity_name"]

Activity = Callable[[Any], Awaitable[None]]


def activity_name(saga: str, letter: Letter) -> str:
    """Such as `BookTrip.reserveFlight.command`: what Temporal shows."""
    return ".".join(part for part in (saga, letter.step, letter.kind) if part)


def activities(saga: AnySaga, service: Service[object]) -> Sequence[Activity]:
    """Of one saga; `saga` is the one with a person's code."""
    return [_activity(saga, service, letter) for letter in _letters(saga)]


def _letters(saga: AnySaga) -> Iterator[Letter]:
    for step in saga.steps:
        yield Letter("command", step.name)
        if step.compensate is not None:
            yield Letter("compensation", step.name)
    if saga.completes is not None:
        yield Letter("completion")
    if saga.fails is not None:
        yield Letter("failure")


def _activity(saga: AnySaga, service: Service[object], letter: Letter) -> Activity:
    async def send(order: Order[Any]) -> None:
        async with service.begin() as work:
            queue(work, saga, order.instance, order.letter, order.state, correlationid=order.correlationid)
            queued = work.pending[-1]
            envelope = replace(queued.envelope, causationid=order.causationid)
            work.pending[-1] = replace(queued, envelope=envelope)

    generic: Any = Order
    send.__annotations__["order"] = generic[saga.state]  # as what Temporal is to read it
    return activity.defn(name=activity_name(saga.name, letter))(send)
