"""A model of the coordinator, by the rules that the runtime follows: `eda_runtime.saga.machine`, without clocks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from eda_gen.model import MessageId
from eda_gen.verify.plan import Plan

__all__ = ["Coordinator", "Sent", "begin", "expire", "take", "time_out"]

Sent: TypeAlias = "tuple[str, int]"
"""`command` or `compensation`, and the number of the step."""


class Coordinator(NamedTuple):
    """The progress of one instance. `undoing` says that the failure is told, or will be: there is no way forward."""

    status: str
    block: int
    steps: tuple[str, ...]
    announced: bool

    def set(self, step: int, status: str) -> Coordinator:
        return self._replace(steps=(*self.steps[:step], status, *self.steps[step + 1 :]))


def begin(plan: Plan) -> tuple[Coordinator, tuple[Sent, ...]]:
    return _begin_block(plan, Coordinator("running", 0, ("waiting",) * len(plan.steps), announced=False), 0)


def take(plan: Plan, state: Coordinator, message: MessageId) -> tuple[Coordinator, tuple[Sent, ...]] | None:
    """A reply has come; `None` if no step takes it."""
    step = _step_for(plan, state, message)
    if step is None:
        return None
    if message in plan.steps[step].success:
        return _succeed(plan, state, step)
    if message in plan.steps[step].failure:
        return _fail(plan, state, step)
    confirmed = state.set(step, "compensated") if state.steps[step] == "compensating" else state
    return _advance(plan, confirmed)


def time_out(plan: Plan, state: Coordinator, step: int) -> tuple[Coordinator, tuple[Sent, ...]]:
    """No reply to a running step within its time-out. From the pivot on, it only goes on trying."""
    if plan.steps[step].pivot or plan.behind_pivot(step):
        return state, ()
    return _advance(plan, state.set(step, "timed-out"))


def expire(plan: Plan, state: Coordinator) -> tuple[Coordinator, tuple[Sent, ...]]:
    """The saga's own time-out. The pivot, once sent, may have taken effect: then there is no way back."""
    block = plan.blocks[state.block] if state.block < len(plan.blocks) else ()
    if state.status != "running" or (plan.pivot is not None and state.block >= plan.pivot):
        return state, ()
    for step in block:
        if state.steps[step] == "running":
            state = state.set(step, "timed-out")
    return _advance(plan, state)


def _step_for(plan: Plan, state: Coordinator, message: MessageId) -> int | None:
    """Of several steps that take a reply, one that waits for it, else one that has given up."""
    takers = [
        number
        for number, step in enumerate(plan.steps)
        if message in step.success or message in step.failure or message in step.compensated
    ]
    for wanted in (("running", "compensating"), ("timed-out", "failed")):
        for number in takers:
            if state.steps[number] in wanted:
                return number
    return takers[0] if takers else None


def _succeed(plan: Plan, state: Coordinator, step: int) -> tuple[Coordinator, tuple[Sent, ...]]:
    if state.steps[step] == "running":
        return _advance(plan, state.set(step, "done"))
    if state.steps[step] in ("failed", "timed-out"):
        if state.status == "failed" and plan.steps[step].compensate is not None:
            state = state._replace(status="compensating")
        return _advance(plan, state.set(step, "done"))
    return state, ()


def _fail(plan: Plan, state: Coordinator, step: int) -> tuple[Coordinator, tuple[Sent, ...]]:
    if state.steps[step] == "timed-out":
        return state.set(step, "failed"), ()
    if state.steps[step] != "running":
        return state, ()
    if plan.behind_pivot(step):
        return state, (("command", step),)
    return _advance(plan, state.set(step, "failed"))


def _advance(plan: Plan, state: Coordinator) -> tuple[Coordinator, tuple[Sent, ...]]:
    """Everything that follows at once."""
    if state.status == "running":
        statuses = {state.steps[step] for step in plan.blocks[state.block]}
        if statuses == {"done"}:
            return _begin_block(plan, state, state.block + 1)
        if "running" in statuses:
            return state, ()
        state = state._replace(status="compensating")
    return _undo(plan, state) if state.status == "compensating" else (state, ())


def _begin_block(plan: Plan, state: Coordinator, number: int) -> tuple[Coordinator, tuple[Sent, ...]]:
    state = state._replace(block=number)
    if number == len(plan.blocks):
        return state._replace(status="completed", announced=True), ()
    for step in plan.blocks[number]:
        state = state.set(step, "running")
    return state, tuple(("command", step) for step in plan.blocks[number])


def _undo(plan: Plan, state: Coordinator) -> tuple[Coordinator, tuple[Sent, ...]]:
    """Backwards, as far as no answer has to be waited for."""
    sent: list[Sent] = []
    for step in _to_undo(plan, state):
        if state.steps[step] == "done":
            sent.append(("compensation", step))
            state = state.set(step, "compensating" if plan.steps[step].compensated else "compensated")
        if state.steps[step] == "compensating":
            return state, tuple(sent)
    return state._replace(status="failed", announced=True), tuple(sent)


def _to_undo(plan: Plan, state: Coordinator) -> Iterator[int]:
    for step in reversed(range(len(plan.steps))):
        if plan.steps[step].compensate is not None and state.steps[step] in ("done", "compensating"):
            yield step
