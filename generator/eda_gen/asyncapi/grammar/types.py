"""What a value of a document may be. A grammar is data: objects, their fields, and few rules as functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol, TypeAlias

from eda_gen.diagnostics import Severity, Span
from eda_gen.source import Node, Workspace

__all__ = [
    "ANYTHING",
    "BOOLEAN",
    "TEXT",
    "Anything",
    "Boolean",
    "Choice",
    "Entries",
    "Findings",
    "Format",
    "Group",
    "Items",
    "Number",
    "Object",
    "RefOr",
    "Reference",
    "Rule",
    "Switch",
    "Text",
    "Type",
    "merged",
]


class Findings(Protocol):
    """Where a rule says what it found. A code may come without its group: `"07"` is EDA107 in AsyncAPI's own objects."""

    workspace: Workspace

    def report(
        self, code: str, message: str, span: Span, help: str | None = None, severity: Severity = Severity.ERROR
    ) -> None: ...


Rule: TypeAlias = Callable[[Node, Findings], None]


@dataclass(frozen=True, slots=True, eq=False)
class Format:
    """A kind of text: what a person calls it, and whether a text is one."""

    name: str
    accepts: Callable[[str], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Anything:
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Boolean:
    pass


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    format: Format | None = None
    longest: int | None = None
    nullable: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Number:
    integer: bool = True
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Choice:
    """One of some values, told apart by type too: `1` is not `true`."""

    values: tuple[str | int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    of: Type
    unique: bool = False
    least: int = 0
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Entries:
    """A mapping whose keys the author chooses. `key_is` says in words what `key` asks."""

    of: Type
    key: re.Pattern[str] | None = None
    key_is: str = ""
    extensible: bool = False
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The diagnostics group of an object: AsyncAPI's own structure (1), or the subject of an `x-eda` object."""

    digit: int = 1

    def code(self, number: str) -> str:
        return f"EDA1{number}" if self.digit == 1 else f"EDA{self.digit}9{number[-1]}"


@dataclass(frozen=True, slots=True, eq=False)
class Object:
    """A mapping with known fields. `open` lets unknown ones pass; `x-…` fields pass unless `extensible` is false."""

    name: str
    fields: Mapping[str, Type] = field(default_factory=lambda: MappingProxyType({}))
    required: tuple[str, ...] = ()
    open: bool = False
    extensible: bool = True
    rules: tuple[Rule, ...] = ()
    group: Group = Group()


@dataclass(frozen=True, slots=True, eq=False)
class RefOr:
    """The value itself, or a Reference Object that leads to one."""

    of: Type


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A Reference Object, and nothing else in its place. `below` are steps that its pointer must pass."""

    of: Type
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Switch:
    """A type that shows only in the value."""

    choose: Callable[[Node], Type]


Type: TypeAlias = Anything | Boolean | Text | Number | Choice | Items | Entries | Object | RefOr | Reference | Switch

ANYTHING = Anything()
BOOLEAN = Boolean()
TEXT = Text()


def merged(*parts: Mapping[str, Type]) -> Mapping[str, Type]:
    """One mapping of fields out of several; later ones win."""
    whole: dict[str, Type] = {}
    for part in parts:
        whole.update(part)
    return MappingProxyType(whole)
