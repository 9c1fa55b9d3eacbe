"""Findings about the user's input, as values.

A stage returns a `Result`: what it could make of its input, and every problem it met. Only defects of ours are
exceptions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

__all__ = ["Diagnostic", "Result", "Severity", "Span", "sorted_diagnostics"]

T_co = TypeVar("T_co", covariant=True)
U = TypeVar("U")


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Where a value stands: a document's path as the user named it, and a 1-based line and column."""

    path: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding: a stable code, what is wrong in the user's words, where, and what to do."""

    code: str
    message: str
    span: Span
    help: str | None = None
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Result(Generic[T_co]):
    """A stage's value (`None` where the problems left none) with the diagnostics met on the way to it."""

    value: T_co | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def ok(self) -> bool:
        return self.value is not None and not any(d.severity is Severity.ERROR for d in self.diagnostics)

    def then(self, stage: Callable[[T_co], Result[U]]) -> Result[U]:
        """Run `stage` on the value, if there is one, and keep the diagnostics of both."""
        if self.value is None:
            return Result(None, self.diagnostics)
        following = stage(self.value)
        return Result(following.value, self.diagnostics + following.diagnostics)


def sorted_diagnostics(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Each finding once, in the order of the documents."""
    return tuple(sorted(set(diagnostics), key=lambda d: (d.span, d.code, d.message)))
