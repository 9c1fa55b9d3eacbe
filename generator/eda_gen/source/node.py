"""What was read, before it means anything: frozen values that know where they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from eda_gen.diagnostics import Span
from eda_gen.model.schema import Json

__all__ = ["Node", "Scalar", "escape", "join", "unescape"]

Scalar: TypeAlias = "str | int | float | bool | None"

NO_FIELDS: Mapping[str, Node] = MappingProxyType({})
NO_KEYS: Mapping[str, Span] = MappingProxyType({})


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A value of a document: a scalar, a sequence or a mapping.

    `file` is the document's path relative to the workspace and `pointer` the JSON pointer of the place in it where the
    value is written; both stay when the value is moved or merged, so that a `$ref` inside keeps its meaning.
    """

    value: Scalar | tuple[Node, ...] | MappingProxyType[str, Node]
    span: Span
    file: str
    pointer: str = ""
    keys: Mapping[str, Span] = field(default_factory=lambda: NO_KEYS)

    @property
    def id(self) -> str:
        return f"{self.file}#{self.pointer}"

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.value, MappingProxyType)

    @property
    def fields(self) -> Mapping[str, Node]:
        """The members of a mapping; empty for anything else."""
        return self.value if isinstance(self.value, MappingProxyType) else NO_FIELDS

    @property
    def items(self) -> tuple[Node, ...]:
        """The elements of a sequence; empty for anything else."""
        return self.value if isinstance(self.value, tuple) else ()

    @property
    def text(self) -> str | None:
        return self.value if isinstance(self.value, str) else None

    @property
    def ref(self) -> Node | None:
        """The `$ref` of a Reference Object: the node that holds its text."""
        found = self.fields.get("$ref")
        return found if found is not None and isinstance(found.value, str) else None

    def get(self, *path: str) -> Node | None:
        """The member at the end of a path of field names, if all of it is there."""
        found: Node | None = self
        for name in path:
            found = found.fields.get(name) if found is not None else None
        return found

    def text_at(self, *path: str) -> str | None:
        found = self.get(*path)
        return found.text if found is not None else None

    def key_span(self, name: str) -> Span:
        return self.keys.get(name, self.span)

    def replace(self, fields: Mapping[str, Node], keys: Mapping[str, Span] | None = None) -> Node:
        """The same place with other fields."""
        return Node(
            MappingProxyType(dict(fields)), self.span, self.file, self.pointer, self.keys if keys is None else keys
        )

    def plain(self) -> Json:
        """The value as JSON, without positions."""
        if isinstance(self.value, tuple):
            return [item.plain() for item in self.value]
        if isinstance(self.value, MappingProxyType):
            return {name: item.plain() for name, item in self.value.items()}
        return self.value

    def walk(self) -> Iterator[Node]:
        """This node and all below it, parents first."""
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.items or tuple(node.fields.values())))


def escape(segment: str) -> str:
    """A reference token of a JSON pointer (RFC 6901, section 3)."""
    return segment.replace("~", "~0").replace("/", "~1")


def unescape(segment: str) -> str:
    return segment.replace("~1", "/").replace("~0", "~")


def join(pointer: str, segment: str) -> str:
    return f"{pointer}/{escape(segment)}"
