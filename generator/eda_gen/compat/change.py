"""A change as a reviewer sees it: what, where on both sides, and whom it breaks in which mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from eda_gen.compat.difference import Difference, Direction, Place
from eda_gen.diagnostics import Severity, Span

__all__ = ["Change", "Finding", "Locate", "Mode", "User"]

Locate: TypeAlias = Callable[[Place, Span | None], Span]
"""Where a place stands in a file: as far as its pointer leads, or at the span given where it leads nowhere."""


class Mode(Enum):
    """What must go on working: new readers with old data, old readers with new data, or both."""

    BACKWARD = "backward"
    FORWARD = "forward"
    FULL = "full"
    BACKWARD_TRANSITIVE = "backward-transitive"
    FORWARD_TRANSITIVE = "forward-transitive"
    FULL_TRANSITIVE = "full-transitive"

    @property
    def refuses(self) -> Direction:
        word = self.value.removesuffix("-transitive")
        return {"backward": Direction.NARROWS, "forward": Direction.WIDENS}.get(word, Direction.CHANGES)

    @property
    def transitive(self) -> bool:
        """Whether all earlier versions count, not the last one only."""
        return self.value.endswith("-transitive")


@dataclass(frozen=True, slots=True, order=True)
class User:
    """A service's operation or saga that sends or receives a message."""

    service: str
    name: str

    def __str__(self) -> str:
        return f"{self.service}.{self.name}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference of something with a name, and who is hurt when readers are new, and when they are old."""

    subject: str
    difference: Difference
    new_readers: tuple[User, ...] = ()
    old_readers: tuple[User, ...] = ()
    near: tuple[Span | None, Span | None] = (None, None)
    """Where the thing stands on both sides, for documents that write it elsewhere (AsyncAPI 2)."""


@dataclass(frozen=True, slots=True)
class Change:
    """A finding with its positions. `against` names the earlier state where it is not the one asked for."""

    finding: Finding
    old: Span
    new: Span
    against: str | None = None

    @property
    def subject(self) -> str:
        return self.finding.subject

    @property
    def difference(self) -> Difference:
        return self.finding.difference

    def breaks(self, mode: Mode) -> bool:
        return bool(self.difference.direction & mode.refuses)

    def severity(self, mode: Mode) -> Severity:
        """An error where it breaks in this mode; a warning where it breaks nobody and is still worth a look."""
        if self.breaks(mode):
            return Severity.ERROR
        return Severity.WARNING if self.difference.rule.caution else Severity.INFO

    def hurts(self, mode: Mode) -> tuple[User, ...]:
        """The operations of the workspace that it breaks in this mode."""
        direction = self.difference.direction & mode.refuses
        new = self.finding.new_readers if Direction.NARROWS in direction else ()
        old = self.finding.old_readers if Direction.WIDENS in direction else ()
        return tuple(sorted({*new, *old}))
