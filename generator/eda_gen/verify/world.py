"""A model of everything around the coordinator: handlers, messages under way, and what may go wrong.

Assumed, because the runtime sees to it: a message sent is delivered in the end, at least once; a handler takes each
message id once; a transition happens with its messages or not at all. So a crash shows as a message taken twice.
Delivery is in any order and takes any time, so a time-out may come before, between or after everything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from eda_gen.model import MessageId
from eda_gen.verify import coordinator
from eda_gen.verify.coordinator import Coordinator, Sent
from eda_gen.verify.plan import Plan

__all__ = ["Action", "Bounds", "Kind", "World", "actions", "initial"]

Kind: TypeAlias = Literal["answer", "dead-letter", "reply", "reply-again", "crash", "time-out", "saga-time-out", "undo"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How often each may happen in one run. `refusals` are those of steps behind the pivot, which may succeed later."""

    duplicates: int = 1
    crashes: int = 1
    dead_letters: int = 1
    refusals: int = 1


class Action(NamedTuple):
    """`message` is the answer given, or the reply taken."""

    kind: Kind
    step: int | None
    message: MessageId | None


class World(NamedTuple):
    """`effects` of the steps' commands: none, done, undone, refused for good. `wrong` is what has just been broken."""

    coordinator: Coordinator
    effects: tuple[str, ...]
    commands: frozenset[int]
    replies: frozenset[tuple[int, MessageId]]
    compensations: frozenset[int]
    expired: bool
    left: tuple[int, int, int, int]
    wrong: str

    def affect(self, step: int, effect: str) -> World:
        return self._replace(effects=(*self.effects[:step], effect, *self.effects[step + 1 :]))


def initial(plan: Plan, bounds: Bounds) -> World:
    state, sent = coordinator.begin(plan)
    left = (bounds.duplicates, bounds.crashes, bounds.dead_letters, bounds.refusals)
    empty: frozenset[tuple[int, MessageId]] = frozenset()
    world = World(state, ("none",) * len(plan.steps), frozenset(), empty, frozenset(), False, left, "")
    return _moved(plan, world, (state, sent))


def actions(plan: Plan, world: World) -> Iterator[tuple[Action, World]]:
    """All that may happen next, and what the world then is."""
    for step in sorted(world.commands):
        yield from _answers(plan, world, step)
    for step, message in sorted(world.replies):
        yield from _replies(plan, world, step, message)
    for step in sorted(world.compensations):
        yield from _undone(plan, world, step)
    yield from _time_outs(plan, world)


def _answers(plan: Plan, world: World, step: int) -> Iterator[tuple[Action, World]]:
    """A handler takes a command: it succeeds, refuses, answers what nobody expects, or gives up."""
    known = plan.steps[step]
    rest = world._replace(commands=world.commands - {step})
    duplicates, crashes, dead_letters, refusals = world.left
    settled = plan.behind_pivot(step)
    final = world.effects[step] == "refused"
    if not final:
        for message in (*known.success, *known.strays):
            yield Action("answer", step, message), _replied(rest.affect(step, "done"), step, message)
        if not known.success and not known.strays:
            yield Action("answer", step, None), rest.affect(step, "done")
    for message in known.failure:
        if known.pivot or not settled:
            yield Action("answer", step, message), _replied(rest.affect(step, "refused"), step, message)
        elif refusals:
            fewer = rest._replace(left=(duplicates, crashes, dead_letters, refusals - 1))
            yield Action("answer", step, message), _replied(fewer, step, message)
    if dead_letters and not settled and not known.pivot:
        yield Action("dead-letter", step, None), rest._replace(left=(duplicates, crashes, dead_letters - 1, refusals))


def _replies(plan: Plan, world: World, step: int, message: MessageId) -> Iterator[tuple[Action, World]]:
    """The coordinator takes a reply, and perhaps, as a duplicate or after a crash, again later."""
    outcome = coordinator.take(plan, world.coordinator, message)
    rest = world._replace(replies=world.replies - {(step, message)})
    if outcome is None:
        yield Action("reply", step, message), rest._replace(wrong="unhandled")
        return
    yield Action("reply", step, message), _moved(plan, rest, outcome)
    duplicates, crashes, dead_letters, refusals = world.left
    if duplicates:
        left = (duplicates - 1, crashes, dead_letters, refusals)
        yield Action("reply-again", step, message), _moved(plan, world._replace(left=left), outcome)
    if crashes:
        left = (duplicates, crashes - 1, dead_letters, refusals)
        yield Action("crash", step, message), _moved(plan, world._replace(left=left), outcome)


def _undone(plan: Plan, world: World, step: int) -> Iterator[tuple[Action, World]]:
    """A handler takes a compensation, which undoes all that this message undoes."""
    known = plan.steps[step]
    rest = world._replace(compensations=world.compensations - {step})
    for number, other in enumerate(plan.steps):
        if other.compensate == known.compensate:
            wrong = "un-run" if world.effects[number] in ("none", "refused") else rest.wrong
            undone = "undone" if world.effects[number] == "done" else world.effects[number]
            rest = rest._replace(wrong=wrong).affect(number, undone)
        if other.command == known.compensate:
            rest = rest.affect(number, "done")
    for message in known.compensated:
        rest = _replied(rest, step, message)
    yield Action("undo", step, None), rest


def _time_outs(plan: Plan, world: World) -> Iterator[tuple[Action, World]]:
    state = world.coordinator
    for step in plan.blocks[state.block] if state.block < len(plan.blocks) and state.status == "running" else ():
        if state.steps[step] == "running" and plan.steps[step].timed:
            outcome = coordinator.time_out(plan, state, step)
            if outcome[0] != state:
                yield Action("time-out", step, None), _moved(plan, world, outcome)
    if plan.timed and not world.expired:
        outcome = coordinator.expire(plan, state)
        if outcome[0] != state:
            yield Action("saga-time-out", None, None), _moved(plan, world._replace(expired=True), outcome)


def _replied(world: World, step: int, message: MessageId) -> World:
    return world._replace(replies=world.replies | {(step, message)})


def _moved(plan: Plan, world: World, outcome: tuple[Coordinator, tuple[Sent, ...]]) -> World:
    """The coordinator's new state, with what it sent under way."""
    state, sent = outcome
    commands = {step for kind, step in sent if kind == "command"}
    compensations = {step for kind, step in sent if kind == "compensation"}
    passed = any(step.pivot and effect == "done" for step, effect in zip(plan.steps, world.effects, strict=True))
    return world._replace(
        coordinator=state,
        commands=world.commands | commands,
        compensations=world.compensations | compensations,
        wrong="behind-pivot" if compensations and passed else "",
    )
