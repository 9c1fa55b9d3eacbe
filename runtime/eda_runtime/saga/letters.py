"""The messages that a saga sends: made of its state, and queued under ids that repeat nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eda_runtime.envelope import Envelope
from eda_runtime.outbox import Outbox
from eda_runtime.saga.definition import Saga, Send, State
from eda_runtime.saga.progress import Letter
from eda_runtime.unit_of_work import Work

__all__ = ["letter_id", "queue", "sending"]


def letter_id(saga: str, instance: str, letter: Letter) -> str:
    """A message id that follows from what the message is for, so that a handler's inbox drops what it has taken."""
    return f"{saga}/{instance}/{letter.id}"


def sending(saga: Saga[State], letter: Letter) -> Send[State, Any]:
    """How a letter is made, and where it goes."""
    step = next((step for step in saga.steps if step.name == letter.step), None)
    send = {
        "command": step.send if step else None,
        "compensation": step.compensate if step else None,
        "completion": saga.completes,
        "failure": saga.fails,
    }[letter.kind]
    assert send is not None
    return send


def queue(
    work: Work,
    saga: Saga[State],
    instance: str,
    letter: Letter,
    state: State,
    *,
    correlationid: str,
    cause: Envelope | None = None,
) -> str:
    """Put a letter into the outbox; returns its message's type. Raises what the code that makes it raises."""
    send = sending(saga, letter)
    Outbox(work.producer, work.pending, cause).add(send.contract, send.build(state), send.channel)
    queued = work.pending[-1]
    envelope = replace(
        queued.envelope,
        id=letter_id(saga.name, instance, letter),
        correlationid=queued.envelope.correlationid if send.contract.correlation else correlationid,
    )
    work.pending[-1] = replace(queued, envelope=envelope)
    return send.contract.type
