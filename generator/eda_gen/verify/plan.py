"""A saga reduced to what its verification is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eda_gen.model import Catalog, Kind, MessageId, Saga, SagaStep
from eda_gen.model.flow import FlowGraph

__all__ = ["Plan", "PlanStep", "plan_saga"]


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A step. `strays` are answers of its handler that it does not take; a query has no `effect`."""

    name: str
    command: MessageId
    success: tuple[MessageId, ...]
    failure: tuple[MessageId, ...]
    strays: tuple[MessageId, ...]
    compensate: MessageId | None
    compensated: tuple[MessageId, ...]
    timed: bool
    pivot: bool
    effect: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """`blocks` are numbers of steps; those in one block run side by side."""

    name: str
    steps: tuple[PlanStep, ...]
    blocks: tuple[tuple[int, ...], ...]
    timed: bool

    @property
    def pivot(self) -> int | None:
        """The number of the first block with a pivot."""
        return next((n for n, block in enumerate(self.blocks) if any(self.steps[each].pivot for each in block)), None)

    def behind_pivot(self, step: int) -> bool:
        return self.pivot is not None and any(step in block for block in self.blocks[self.pivot + 1 :])


def plan_saga(catalog: Catalog, graph: FlowGraph, saga: Saga) -> Plan:
    steps: list[PlanStep] = []
    blocks: list[tuple[int, ...]] = []
    for block in saga.steps:
        members = list(_members(block))
        blocks.append(tuple(range(len(steps), len(steps) + len(members))))
        steps += [_step(catalog, graph, each) for each in members]
    return Plan(saga.name, tuple(steps), tuple(blocks), saga.timeout is not None)


def _members(block: SagaStep) -> Iterator[SagaStep]:
    if not block.parallel:
        yield block
    for step in block.parallel:
        yield from _members(step)


def _step(catalog: Catalog, graph: FlowGraph, step: SagaStep) -> PlanStep:
    assert step.send is not None
    return PlanStep(
        name=step.name,
        command=step.send,
        success=tuple(graph.same[each] for each in step.success),
        failure=tuple(graph.same[each] for each in step.failure),
        strays=tuple(_strays(graph, step, step.send)),
        compensate=graph.same[step.compensate] if step.compensate is not None else None,
        compensated=tuple(graph.same[each] for each in step.compensated),
        timed=step.timeout is not None,
        pivot=step.pivot,
        effect=catalog.messages[step.send].kind is not Kind.QUERY,
    )


def _strays(graph: FlowGraph, step: SagaStep, command: MessageId) -> Iterator[MessageId]:
    """What the command's handler may answer and nobody takes; what others receive is an event of theirs."""
    expected = {graph.same[each] for each in (*step.success, *step.failure)}
    for taker in graph.takers.get(graph.same[command], ()):
        for each in taker.causes if taker.group is not None else ():
            if each not in expected and not graph.takers.get(each):
                yield each
