"""Versions of one message side by side: what the transitive modes ask of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from eda_gen.compat.change import Finding
from eda_gen.compat.difference import ContentModel, Difference, Direction, Place
from eda_gen.compat.matching import message_name
from eda_gen.compat.messages import compare_message_schemas
from eda_gen.compat.operations import Workspaces
from eda_gen.compat.payloads import Schemas, schemas_of
from eda_gen.model import Catalog, Message, MessageId

__all__ = ["compare_versions"]


def compare_versions(
    both: Workspaces, content_model: ContentModel, known: Mapping[str, Direction]
) -> Iterator[Finding]:
    """What stands between the versions of a message now, and did not before.

    `known` says which way a message is known to have changed: that is told where it changed, and not once more here.
    """
    lineage = _Lineage(
        both,
        schemas_of(both.old, both.old, content_model),
        schemas_of(both.new, both.new, content_model),
        {now.id: was for was, now in both.messages.pairs},
    )
    for versions in _by_name(both.new):
        for one, other in combinations(versions, 2):
            if one.version < other.version:
                yield from lineage.between(one, other, ~known.get(message_name(other), Direction.NONE))


def _by_name(catalog: Catalog) -> list[list[Message]]:
    """The versions of each message, oldest first."""
    found: defaultdict[str, list[Message]] = defaultdict(list)
    for message in catalog.messages.values():
        found[message.name].append(message)
    return [sorted(each, key=lambda message: message.version) for each in found.values() if len(each) > 1]


@dataclass(frozen=True, slots=True)
class _Lineage:
    both: Workspaces
    old: Schemas
    new: Schemas
    was: dict[MessageId, Message]

    def between(self, one: Message, other: Message, asked: Direction) -> Iterator[Finding]:
        """What a later version changes against an earlier one, in the directions asked for."""
        readers = self.both.after.receiving([other.id]), self.both.after.receiving([one.id])
        before = self._before(one, other)
        for each in self._differences(self.both.new, self.new, one, other):
            direction = each.direction & asked & ~before.get((each.rule.id, each.new), Direction.NONE)
            if direction is not Direction.NONE:
                told = f"since version {one.version}, {each.message}"
                yield Finding(message_name(other), replace(each, message=told, direction=direction), *readers)

    def _before(self, one: Message, other: Message) -> Mapping[tuple[str, Place], Direction]:
        """Which way the two differed already, by rule and place."""
        earlier, later = self.was.get(one.id), self.was.get(other.id)
        found: dict[tuple[str, Place], Direction] = {}
        if earlier is not None and later is not None:
            for each in self._differences(self.both.old, self.old, earlier, later):
                key = (each.rule.id, each.new)
                found[key] = found.get(key, Direction.NONE) | each.direction
        return found

    def _differences(self, catalog: Catalog, schemas: Schemas, one: Message, other: Message) -> Iterator[Difference]:
        """An upcast makes old data readable to new readers."""
        readable = Direction.WIDENS if _upcast(catalog, one, other) else Direction.CHANGES
        for each in compare_message_schemas(schemas, one, other):
            yield replace(each, direction=each.direction & readable)


def _upcast(catalog: Catalog, one: Message, other: Message) -> bool:
    """Whether declared upcasts lead from the earlier version to the later one."""
    steps = {
        each.version: each.upcast.source_version
        for each in catalog.messages.values()
        if each.name == other.name and each.upcast is not None
    }
    version = other.version
    while version > one.version and steps.get(version, version) < version:
        version = steps[version]
    return version == one.version
