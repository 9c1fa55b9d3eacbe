"""How far an instance of a saga has come. Times are milliseconds since 1970 by the database's clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from pydantic import BaseModel, Field

__all__ = ["ENDED", "Letter", "LetterKind", "Note", "NoteKind", "Progress", "Status", "StepProgress", "StepStatus"]

Status: TypeAlias = Literal["running", "compensating", "completed", "failed", "abandoned"]
StepStatus: TypeAlias = Literal["waiting", "running", "done", "failed", "timed-out", "compensating", "compensated"]
LetterKind: TypeAlias = Literal["command", "compensation", "completion", "failure"]
NoteKind: TypeAlias = Literal[
    "started",
    "sent",
    "sent-again",
    "succeeded",
    "failed",
    "timed-out",
    "overdue",
    "compensation-sent",
    "compensation-sent-again",
    "compensated",
    "completed",
    "saga-failed",
    "late",
    "duplicate",
    "unexpected",
    "problem",
    "resumed",
    "abandoned",
]
ENDED: tuple[Status, ...] = ("completed", "failed", "abandoned")


class StepProgress(BaseModel):
    """`due_at` is when its command, or its compensation, is to be sent (again); `round` counts refusals behind the pivot."""

    status: StepStatus = "waiting"
    round: int = 1
    sends: int = 0
    due_at: int | None = None
    deadline_at: int | None = None


class Progress(BaseModel):
    """`announced` says that the saga's failure has been told, so that it is told once.

    `problem` is what keeps the instance from going on as planned, and `problems` how often in a row its messages could
    not be made.
    """

    status: Status = "running"
    block: int = 0
    steps: dict[str, StepProgress] = Field(default_factory=dict)
    deadline_at: int | None = None
    announced: bool = False
    failed_step: str | None = None
    failure: Literal["failed", "timed-out"] | None = None
    problem: str | None = None
    problems: int = 0
    again_at: int | None = None

    @property
    def due_at(self) -> int | None:
        """When there is something to do though nothing comes."""
        times = [self.deadline_at, self.again_at]
        times += [time for step in self.steps.values() for time in (step.due_at, step.deadline_at)]
        known = [time for time in times if time is not None]
        return min(known) if known and self.status not in ENDED else None

    def hurry(self, now: int) -> None:
        """Make due at once what waits to be sent (again)."""
        for step in self.steps.values():
            if step.status in ("running", "compensating"):
                step.due_at = now
        self.again_at = now


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that is to be sent. `number` tells apart what is sent anew from what is only sent again."""

    kind: LetterKind
    step: str | None = None
    number: int = 1

    @property
    def id(self) -> str:
        """Within its instance."""
        return "/".join(part for part in (self.step, self.kind, str(self.number)) if part)


@dataclass(frozen=True, slots=True)
class Note:
    """A line of an instance's history."""

    kind: NoteKind
    step: str | None = None
    message: str | None = None
    detail: str | None = None
