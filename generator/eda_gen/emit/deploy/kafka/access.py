"""Who may do what: exactly what the operations of a service need, and nothing else.

Write implies Describe and, from Kafka 3.0 on, what an idempotent producer needs; Read implies Describe. They are spelled out
all the same, since not every authorizer implies them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eda_gen.diagnostics import Diagnostic, Severity
from eda_gen.emit.deploy.kafka.topics import topic_name
from eda_gen.emit.deploy.topology import Topic, Topology

__all__ = ["Right", "rights", "without_rights"]


@dataclass(frozen=True, slots=True)
class Right:
    """Operations on a topic or a group; `prefixed` on all whose names begin so."""

    type: str
    name: str
    prefixed: bool
    operations: tuple[str, ...]

    @property
    def terraform_type(self) -> str:
        return self.type.capitalize()

    @property
    def pattern(self) -> str:
        return "prefix" if self.prefixed else "literal"

    @property
    def terraform_pattern(self) -> str:
        return "Prefixed" if self.prefixed else "Literal"


def rights(topology: Topology) -> tuple[Right, ...]:
    """Each resource once, topics before groups."""
    granted: dict[tuple[str, str, bool], dict[str, None]] = {}
    for kind, name, prefixed, operation in _granted(topology):
        granted.setdefault((kind, name, prefixed), {})[operation] = None
    found = (Right(*resource, operations=tuple(sorted(operations))) for resource, operations in granted.items())
    return tuple(sorted(found, key=lambda right: (right.type != "topic", right.name, right.prefixed)))


def without_rights(topology: Topology) -> tuple[Diagnostic, ...]:
    """A warning for each family whose names begin with anything at all, so that a right to it were one to every topic."""
    used = (*topology.sends, *(topic for reading in topology.receives for topic in reading.topics))
    found = {topic.address: topic for topic in used if not _beginning(topic)}
    return tuple(_unguarded(topic) for topic in found.values())


def _unguarded(topic: Topic) -> Diagnostic:
    told = f"`{topic.address}` begins with a parameter, so no right covers its topics and no others: none is given"
    advice = (
        "have the address begin with a fixed word, list the parameter's values by `enum`, or grant the rights by hand"
    )
    return Diagnostic("EDA191", told, topic.span, advice, Severity.WARNING)


def _granted(topology: Topology) -> Iterator[tuple[str, str, bool, str]]:
    for topic in (*topology.sends, *(reading.dead_letters for reading in topology.receives)):
        yield from _on(topic, "Write")
    for reading in topology.receives:
        yield "group", reading.group, False, "Read"
        for topic in reading.topics:
            yield from _on(topic, "Read")


def _on(topic: Topic, operation: str) -> Iterator[tuple[str, str, bool, str]]:
    """Of a family, all topics that begin as it does before its first parameter; nothing where that is everything."""
    if name := _beginning(topic):
        yield "topic", name, topic.is_family, "Describe"
        yield "topic", name, topic.is_family, operation


def _beginning(topic: Topic) -> str:
    return topic_name(topic).partition("{")[0] if topic.is_family else topic_name(topic)
