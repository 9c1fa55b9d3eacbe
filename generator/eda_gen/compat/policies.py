"""Delivery policies of one operation, then and now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from eda_gen.compat.difference import Difference, Direction, Place
from eda_gen.compat.rules import rule
from eda_gen.model import Operation, ReceiveOperation, SendOperation
from eda_gen.passes.defaults import dead_letter_address

__all__ = ["compare_policies"]


Addressed: TypeAlias = tuple[Operation, str | None]
"""An operation and the address of its channel."""


def compare_policies(before: Addressed, after: Addressed, was: Place, now: Place) -> Iterator[Difference]:
    (old, old_address), (new, new_address) = before, after
    if isinstance(old, SendOperation) and isinstance(new, SendOperation):
        if old.outbox and not new.outbox:
            yield _said("outbox", Direction.NONE, "the outbox is no longer used", was, now, "outbox")
    elif isinstance(old, ReceiveOperation) and isinstance(new, ReceiveOperation):
        derived = _derived(old, old_address) and _derived(new, new_address)
        if old.dead_letter.address != new.dead_letter.address and not derived:
            told = f"the dead letters' address `{old.dead_letter.address}` became `{new.dead_letter.address}`"
            yield _said("dead-letter", Direction.NONE, told, was, now, "deadLetter", "address")
        yield from _of_receiver(old, new, was, now)


def _derived(operation: ReceiveOperation, address: str | None) -> bool:
    """Whether the dead letters' address only follows the channel's address and the group."""
    return operation.dead_letter.address == dead_letter_address(address, operation.group)


def _of_receiver(old: ReceiveOperation, new: ReceiveOperation, was: Place, now: Place) -> Iterator[Difference]:
    if old.group != new.group:
        told = f"the consumer group `{old.group}` became `{new.group}`"
        yield _said("group", Direction.NARROWS, told, was, now, "group")
    before, after = old.dead_letter.retention, new.dead_letter.retention
    if after < before:
        told = f"dead letters are kept for {after}, no longer {before}"
        yield _said("dead-letter", Direction.NONE, told, was, now, "deadLetter", "retention")
    if old.on_failure is not new.on_failure:
        told = f"`onFailure` {old.on_failure.value} became {new.on_failure.value}"
        yield _said("failure-policy", Direction.NONE, told, was, now, "onFailure")
    if new.idempotency_window < old.idempotency_window:
        told = f"duplicates are known for {new.idempotency_window}, no longer {old.idempotency_window}"
        yield _said("failure-policy", Direction.NONE, told, was, now, "idempotency", "window")


def _said(name: str, direction: Direction, told: str, old: Place, new: Place, *path: str) -> Difference:
    return Difference(rule(name), direction, told, old.child("x-eda", *path), new.child("x-eda", *path))
