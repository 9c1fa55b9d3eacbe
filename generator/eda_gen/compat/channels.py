"""Channels: where they are, how they are divided, how long they keep what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eda_gen.compat.change import Finding
from eda_gen.compat.difference import Difference, Direction, Place
from eda_gen.compat.matching import Matched
from eda_gen.compat.rules import rule
from eda_gen.compat.usage import Usage
from eda_gen.model import Channel, Ordering, Parameter

__all__ = ["compare_channels"]


def compare_channels(matched: Matched[Channel], before: Usage, after: Usage) -> Iterator[Finding]:
    for was, now in matched.pairs:
        for each in _differences(was, now):
            yield Finding(now.name, each, after.on_channel.get(now.id, ()), before.on_channel.get(was.id, ()))
    for channel in matched.removed:
        place, users = Place.of(channel.id), before.on_channel.get(channel.id, ())
        told = f"the channel `{channel.name}` was removed"
        yield Finding(
            channel.name, Difference(rule("channel-removed"), Direction.CHANGES, told, place, place), users, users
        )


def _differences(old: Channel, new: Channel) -> Iterator[Difference]:
    was, now = Place.of(old.id), Place.of(new.id)
    if old.address != new.address:
        told = f"the address {_shown(old.address)} became {_shown(new.address)}"
        yield Difference(rule("address"), Direction.CHANGES, told, was.child("address"), now.child("address"))
    elif _accepted(old.parameters) != _accepted(new.parameters):
        told = "the address's parameters changed"
        yield Difference(rule("address"), Direction.CHANGES, told, was.child("parameters"), now.child("parameters"))
    if old.partitions != new.partitions:
        ordered = Ordering.KEY in (old.ordering, new.ordering)
        told = f"{old.partitions} partitions became {new.partitions}"
        direction = Direction.CHANGES if ordered else Direction.NONE
        yield Difference(rule("partitions"), direction, told, _partitions(old), _partitions(new))
    if old.ordering is not new.ordering:
        direction = Direction.CHANGES if new.ordering is Ordering.NONE else Direction.NONE
        yield _said("ordering", direction, f"ordering `{old.ordering.value}` became `{new.ordering.value}`", was, now)
    if new.retention < old.retention:
        yield _said("retention", Direction.WIDENS, f"retention {old.retention} became {new.retention}", was, now)


def _partitions(channel: Channel) -> Place:
    """A binding wins over `x-eda`."""
    kafka = channel.bindings.get("kafka") if isinstance(channel.bindings, Mapping) else None
    bound = isinstance(kafka, Mapping) and "partitions" in kafka
    return Place.of(channel.id).child(*(("bindings", "kafka") if bound else ("x-eda",)), "partitions")


def _accepted(parameters: tuple[Parameter, ...]) -> list[tuple[str, frozenset[str], str | None]]:
    return sorted((each.name, frozenset(each.enum), each.location) for each in parameters)


def _shown(address: str | None) -> str:
    return "(unknown until run time)" if address is None else f"`{address}`"


def _said(name: str, direction: Direction, told: str, old: Place, new: Place) -> Difference:
    return Difference(rule(name), direction, told, old.child("x-eda", name), new.child("x-eda", name))
