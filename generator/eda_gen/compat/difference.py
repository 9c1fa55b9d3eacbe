"""What differs between two contracts, before it is known whom that breaks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, Flag, auto

__all__ = ["ContentModel", "Difference", "Direction", "Place", "Rule", "combined"]


class Direction(Flag):
    """Which way a difference goes. An old contract is read backward by new readers, a new one forward by old readers."""

    NONE = 0
    NARROWS = auto()
    """The old contract allows what the new one refuses: a new reader fails on old data."""
    WIDENS = auto()
    """The new contract allows what the old one refuses: an old reader fails on new data."""
    CHANGES = NARROWS | WIDENS

    @property
    def flipped(self) -> Direction:
        """The direction as seen from inside a `not`, or with old and new exchanged."""
        if self in (Direction.NONE, Direction.CHANGES):
            return self
        return Direction.WIDENS if self is Direction.NARROWS else Direction.NARROWS


class ContentModel(Enum):
    """How fields are judged that an object schema does not name."""

    TOLERANT = "tolerant"
    """Writers write only what their schema names, and readers ignore what theirs does not."""
    AS_WRITTEN = "as-written"
    """Schemas mean what they say: open unless `additionalProperties` closes them."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a document of the workspace, by JSON pointer (RFC 6901).

    `line` counts from 1 within a text that is a value of its own, as a `.proto` file in YAML is.
    """

    document: str
    pointer: str
    line: int = 0

    @classmethod
    def of(cls, id: str) -> Place:
        """The place that a `<document>#<JSON pointer>` names."""
        document, _, pointer = id.partition("#")
        return cls(document, pointer)

    def child(self, *tokens: str | int) -> Place:
        steps = "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in tokens)
        return Place(self.document, self.pointer + steps)

    @property
    def field(self) -> str:
        """The schema and field around this place as a person would write them, `Order.lines[].price`; else empty."""
        steps = self.pointer.split("/")[1:]
        name = ""
        while steps:
            step = steps.pop(0)
            if step in ("schemas", "properties", "patternProperties") and steps:
                inner = steps.pop(0).replace("~1", "/").replace("~0", "~")
                name += f".{inner}" if name else inner
            elif step in ("items", "prefixItems", "additionalItems", "contains"):
                name += "[]"
        return name

    def __str__(self) -> str:
        return f"{self.document}#{self.pointer}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of change: a stable id, a name to search for, one sentence on what breaks, and the way out."""

    id: str
    name: str
    sentence: str
    help: str
    caution: bool = False
    """A change that breaks no reader by itself is still worth a look."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference. Where a side lacks the thing itself, its place is that of the nearest thing around it."""

    rule: Rule
    direction: Direction
    message: str
    old: Place
    new: Place


def combined(differences: Iterable[Difference]) -> Direction:
    """The direction of a whole: it narrows where any part narrows, and widens where any part widens."""
    direction = Direction.NONE
    for each in differences:
        direction |= each.direction
    return direction
