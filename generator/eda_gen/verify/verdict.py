"""What verification finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from eda_gen.diagnostics import Span

__all__ = ["Fault", "Moment", "Property", "Verdict"]


class Property(Enum):
    """What holds for every run of a saga that is well designed."""

    ENDS = "it always ends"
    COMPLETES = "it can complete"
    UNDONE = "a saga that has failed has compensated exactly the steps that took effect"
    DONE = "a saga that has completed has done every step"
    PIVOT = "nothing is compensated after the pivot's success"
    HANDLED = "every reply is taken by a step"
    RETRIES = "every attempt is made before the time-out"
    CIRCLE = "it sets off no circle of commands"


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happens: a message from `sender` to `receiver`, or, where they are the same, an event there."""

    sender: str
    receiver: str
    text: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A property that does not hold, and a shortest run that shows it."""

    broken: Property
    told: str
    run: tuple[Moment, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`states` were explored, all that there are within the bounds unless `complete` is false."""

    service: str
    saga: str
    span: Span
    states: int
    complete: bool
    faults: tuple[Fault, ...]

    @property
    def proved(self) -> bool:
        return self.complete and not self.faults
