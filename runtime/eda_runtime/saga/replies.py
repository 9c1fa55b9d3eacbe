"""What an instance makes of a message that comes for it: whoever keeps its state."""

from __future__ import annotations

from typing import Any

from eda_runtime.contracts import MessageContract
from eda_runtime.saga.definition import Saga, State, Step
from eda_runtime.saga.letters import letter_id
from eda_runtime.saga.machine import Turn
from eda_runtime.saga.progress import Letter, Progress

__all__ = ["take"]


def take(turn: Turn[State], instance: str, message: MessageContract[Any], cause: str | None) -> bool:
    """Tell the turn of a message; returns whether the state is to keep it. `cause` is the id that it names as its cause."""
    step = _step_for(turn.saga, turn.progress, message)
    if step is None:
        turn.note("duplicate", message=message.type, detail="it has started already")
        return False
    kept = turn.progress.steps[step.name].status not in ("waiting", "done", "compensated")
    if _has(step.success, message):
        turn.succeed(step, message.type)
    elif _has(step.failure, message):
        turn.fail(step, message.type, _round(turn.saga.name, instance, step, cause))
    else:
        turn.confirm(step, message.type)
    return kept


def _step_for(saga: Saga[State], progress: Progress, message: MessageContract[Any]) -> Step[State] | None:
    """The step that a reply is for: of several, one that waits for it, else one that has given up."""
    takers = [step for step in saga.steps if _has((*step.success, *step.failure, *step.compensated), message)]
    for wanted in (("running", "compensating"), ("timed-out", "failed")):
        for step in takers:
            if progress.steps[step.name].status in wanted:
                return step
    return takers[0] if takers else None


def _round(saga: str, instance: str, step: Step[State], cause: str | None) -> int | None:
    """The round of the command that a reply names as its cause, if it does."""
    sent = letter_id(saga, instance, Letter("command", step.name, 0)).removesuffix("0")
    number = (cause or "").removeprefix(sent)
    return int(number) if number.isdecimal() else None


def _has(contracts: tuple[MessageContract[Any], ...], message: MessageContract[Any]) -> bool:
    return any(each.type == message.type for each in contracts)
