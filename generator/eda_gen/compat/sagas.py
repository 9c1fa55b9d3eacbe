"""Sagas: what instances that are under way find when the new code goes on with them, or the old code after a rollback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eda_gen.compat.change import Finding, User
from eda_gen.compat.difference import Difference, Direction, Place
from eda_gen.compat.rules import rule
from eda_gen.model import MessageId, Saga, SagaStep, Service

__all__ = ["compare_sagas"]

_Same = Mapping[MessageId, MessageId]


def compare_sagas(old: tuple[Service, ...], new: tuple[Service, ...], same: _Same) -> Iterator[Finding]:
    now = {service.name: service for service in new}
    for service in old:
        if service.name in now:
            yield from _of_service(service, now[service.name], same)


def _of_service(old: Service, new: Service, same: _Same) -> Iterator[Finding]:
    now = {saga.name: saga for saga in new.sagas}
    for saga in old.sagas:
        place = Place(old.document.path, "").child("x-eda", "sagas", saga.name)
        found: Iterator[Difference]
        if saga.name in now:
            found = _differences(saga, now[saga.name], place, Place(new.document.path, place.pointer), same)
        else:
            around = Place(new.document.path, "/x-eda/sagas")
            told = f"the saga `{saga.name}` was removed"
            found = iter([Difference(rule("saga-removed"), Direction.NARROWS, told, place, around)])
        own = (User(old.name, saga.name),)
        yield from (Finding(str(own[0]), each, own, own) for each in found)


def _differences(old: Saga, new: Saga, was: Place, now: Place, same: _Same) -> Iterator[Difference]:
    for field, before, after in (
        ("style", old.style.value, new.style.value),
        ("starts", _are_now(old.starts, same), new.starts),
        ("correlation", old.correlation, new.correlation),
        ("completes", _are_now(old.completes, same), new.completes),
        ("fails", _are_now(old.fails, same), new.fails),
    ):
        if before != after:
            told = f"`{field}` of the saga changed"
            yield Difference(rule("saga-ends"), Direction.CHANGES, told, was.child(field), now.child(field))
    yield from _steps(old.steps, new.steps, was.child("steps"), now.child("steps"), same)


def _are_now(messages: tuple[MessageId, ...], same: _Same) -> tuple[MessageId, ...]:
    """Under their new ids; a message that is gone is reported as such, and keeps its place here."""
    return tuple(same.get(message, message) for message in messages)


def _steps(
    old: tuple[SagaStep, ...], new: tuple[SagaStep, ...], was: Place, now: Place, same: _Same
) -> Iterator[Difference]:
    before, after = ({step.name: (index, step) for index, step in enumerate(steps)} for steps in (old, new))
    moved = [name for name in before if name in after] != [name for name in after if name in before]
    if moved:
        yield Difference(rule("saga-step"), Direction.CHANGES, "the order of the steps changed", was, now)
    for name, (index, step) in before.items():
        if name not in after:
            yield _step(Direction.NARROWS, f"the step `{name}` was removed", was.child(index), now)
        else:
            position, counterpart = after[name]
            yield from _one_step(step, counterpart, was.child(index), now.child(position), same)
    for name, (index, _) in after.items():
        if name not in before:
            yield _step(Direction.WIDENS, f"the step `{name}` was added", was, now.child(index))


def _one_step(old: SagaStep, new: SagaStep, was: Place, now: Place, same: _Same) -> Iterator[Difference]:
    for field, before, after in (
        ("send", same.get(old.send, old.send) if old.send else None, new.send),
        ("success", _are_now(old.success, same), new.success),
        ("failure", _are_now(old.failure, same), new.failure),
        ("compensate", same.get(old.compensate, old.compensate) if old.compensate else None, new.compensate),
        ("compensated", _are_now(old.compensated, same), new.compensated),
        ("pivot", old.pivot, new.pivot),
    ):
        if before != after:
            told = f"`{field}` of the step `{old.name}` changed"
            yield _step(Direction.CHANGES, told, was.child(field), now.child(field))
    yield from _steps(old.parallel, new.parallel, was.child("parallel"), now.child("parallel"), same)


def _step(direction: Direction, told: str, old: Place, new: Place) -> Difference:
    return Difference(rule("saga-step"), direction, told, old, new)
