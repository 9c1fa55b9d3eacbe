"""What a saga does next: pure, on the progress of one instance, at one moment.

`eda-gen verify` explores a model of the same rules, and tests hold the two together.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Generic, Literal

from eda_runtime.consumer.parking import Chance, delay
from eda_runtime.contracts import RetryPolicy
from eda_runtime.saga.definition import Saga, State, Step
from eda_runtime.saga.progress import Letter, Note, NoteKind, Progress, StepProgress, StepStatus

__all__ = ["Turn"]

SendLetter = Callable[[Letter], str]
"""Queues a message and returns its type; raises what the code that makes it raises."""

AFTER_A_PROBLEM = RetryPolicy()


class Turn(Generic[State]):
    """One turn of an instance: something has happened, and everything that follows at once is done.

    Call what has happened, then `advance`. `notes` collects what the history is to tell. `chance` moves delays a little.
    """

    def __init__(
        self, saga: Saga[State], progress: Progress, now: int, send: SendLetter, chance: Chance = random.uniform
    ) -> None:
        self.saga = saga
        self.progress = progress
        self.now = now
        self.notes: list[Note] = []
        self._send_letter = send
        self._chance = chance

    def start(self, message: str) -> None:
        self.note("started", message=message)
        self.progress.steps = {step.name: StepProgress() for step in self.saga.steps}
        self.progress.deadline_at = self._after(self.saga.timeout)
        self._begin(0)

    def succeed(self, step: Step[State], message: str) -> None:
        """A success reply has come."""
        record = self.progress.steps[step.name]
        if self.progress.status == "abandoned" or record.status == "waiting":
            return self.note("unexpected", step, message)
        if record.status == "running":
            self._settle(record, "done")
            return self.note("succeeded", step, message)
        if record.status in ("failed", "timed-out"):
            self._settle(record, "done")
            self.note("late", step, message, "it took effect after all")
            if self.progress.status == "running" and self.progress.failed_step == step.name:
                self.progress.failed_step = self.progress.failure = None
            if self.progress.status == "failed" and step.compensate is not None:
                self.progress.status = "compensating"
            return None
        return self.note("duplicate", step, message)

    def fail(self, step: Step[State], message: str, round: int | None = None) -> None:
        """A failure reply has come, to the command of `round` if that is known."""
        record = self.progress.steps[step.name]
        if self.progress.status == "abandoned" or record.status not in ("running", "failed", "timed-out"):
            return self.note("unexpected", step, message)
        if record.status == "failed" or round not in (None, record.round):
            return self.note("duplicate", step, message)
        if record.status == "timed-out":
            record.status = "failed"
            return self.note("late", step, message)
        self.note("failed", step, message)
        if self._behind_pivot(step):
            self._try_anew(step, record)
        else:
            self._turn_back(step, record, "failed")
        return None

    def confirm(self, step: Step[State], message: str) -> None:
        """The answer to a compensation has come."""
        record = self.progress.steps[step.name]
        if record.status == "compensating":
            self._settle(record, "compensated")
            return self.note("compensated", step, message)
        return self.note("duplicate" if record.status == "compensated" else "unexpected", step, message)

    def advance(self) -> None:
        """Do all that can be done now."""
        self._expire()
        self.progress.again_at = None
        while self._move():
            pass

    def note(
        self, kind: NoteKind, step: Step[State] | None = None, message: str | None = None, detail: str | None = None
    ) -> None:
        self.notes.append(Note(kind, step.name if step else None, message, detail))

    # Time-outs

    def _expire(self) -> None:
        for step in self._block() if self.progress.status == "running" else ():
            record = self.progress.steps[step.name]
            if record.status == "running" and _past(record.deadline_at, self.now):
                self._time_out(step, record)
        if _past(self.progress.deadline_at, self.now):
            self.progress.deadline_at = None
            if self.progress.status == "running":
                self._time_out_all()

    def _time_out(self, step: Step[State], record: StepProgress) -> None:
        """Without a way back, a step that is overdue goes on trying, and shows it."""
        record.deadline_at = None
        if (step.pivot and record.sends) or self._behind_pivot(step):
            self._overdue(step, f"no reply to {step.name} in time: it is sent until there is one")
        else:
            self._turn_back(step, record, "timed-out")
            self.note("timed-out", step)

    def _time_out_all(self) -> None:
        running = [step for step in self._block() if self.progress.steps[step.name].status == "running"]
        if self._no_way_back():
            self._overdue(None, "the saga takes longer than its time-out")
        else:
            for step in running:
                self._time_out(step, self.progress.steps[step.name])

    def _overdue(self, step: Step[State] | None, problem: str) -> None:
        self.progress.problem = problem
        self.note("overdue", step, detail=problem)

    # Forward, and back

    def _move(self) -> bool:
        """One thing that can be done; returns whether there may be more."""
        if self.progress.status == "running":
            return self._forward()
        return self.progress.status == "compensating" and self._back()

    def _forward(self) -> bool:
        if self.progress.block == len(self.saga.blocks):
            return self._end("completed")
        states = {self.progress.steps[step.name].status for step in self._block()}
        if states == {"done"}:
            self._begin(self.progress.block + 1)
            return True
        if "running" not in states:
            self.progress.status = "compensating"
            return True
        for step in self._block():
            record = self.progress.steps[step.name]
            if record.status == "running" and _past(record.due_at, self.now):
                self._send(step, record)
        return False

    def _send(self, step: Step[State], record: StepProgress) -> None:
        again = record.sends > 0
        message = self._try_to_send(Letter("command", step.name, record.round), step)
        if message is None:
            record.due_at = self.progress.again_at
            return
        record.sends += 1
        self.note("sent-again" if again else "sent", step, message)
        more = record.sends < step.retry.attempts or step.pivot or self._behind_pivot(step)
        record.due_at = self.now + self._delay(step.retry, record.sends) if more else None

    def _back(self) -> bool:
        step = next(self._to_undo(), None)
        if step is None:
            return self._end("failed")
        record = self.progress.steps[step.name]
        if record.status == "done":
            record.status, record.sends, record.due_at = "compensating", 0, self.now
        return _past(record.due_at, self.now) and self._undo(step, record)

    def _to_undo(self) -> Iterator[Step[State]]:
        """The steps done that have a compensation, the last one first."""
        for step in reversed(list(self.saga.steps)):
            if step.compensate is not None and self.progress.steps[step.name].status in ("done", "compensating"):
                yield step

    def _undo(self, step: Step[State], record: StepProgress) -> bool:
        again = record.sends > 0
        message = self._try_to_send(Letter("compensation", step.name), step)
        if message is None:
            record.due_at = self.progress.again_at
            return False
        record.sends += 1
        self.note("compensation-sent-again" if again else "compensation-sent", step, message)
        if not step.compensated:
            self._settle(record, "compensated")
            return True
        record.due_at = self.now + self._delay(step.retry, record.sends)
        if record.sends > step.retry.attempts:
            self._overdue(step, f"the compensation of {step.name} is not answered: it is sent until it is")
        return False

    def _end(self, status: Literal["completed", "failed"]) -> bool:
        """Tell once how it ended, and end."""
        well = status == "completed"
        if not self.progress.announced:
            message = None
            if self.saga.completes if well else self.saga.fails:
                message = self._try_to_send(Letter("completion" if well else "failure"), None)
                if message is None:
                    return False
            self.note("completed" if well else "saga-failed", message=message)
            self.progress.announced = True
        self.progress.status = status
        return False

    def _try_to_send(self, letter: Letter, step: Step[State] | None) -> str | None:
        """The type of the message sent; `None` if it could not be made, which is tried again without end."""
        try:
            message = self._send_letter(letter)
        except Exception as error:  # noqa: BLE001  a person's code may raise anything
            self.progress.problems += 1
            self.progress.problem = f"the {letter.kind} could not be made: {type(error).__name__}: {error}"
            self.progress.again_at = self.now + self._delay(AFTER_A_PROBLEM, self.progress.problems)
            self.note("problem", step, detail=self.progress.problem)
            return None
        if self.progress.problems:
            self.progress.problem, self.progress.problems = None, 0
        return message

    # Where it stands

    def _begin(self, number: int) -> None:
        self.progress.block = number
        for step in self._block():
            deadline = self._after(step.timeout)
            self.progress.steps[step.name] = StepProgress(status="running", due_at=self.now, deadline_at=deadline)

    def _block(self) -> tuple[Step[State], ...]:
        return self.saga.blocks[self.progress.block] if self.progress.block < len(self.saga.blocks) else ()

    def _behind_pivot(self, step: Step[State]) -> bool:
        pivot = self.saga.pivot
        return pivot is not None and any(step in block for block in self.saga.blocks[pivot + 1 :])

    def _no_way_back(self) -> bool:
        """Whether the pivot has been sent: it may have taken effect."""
        pivot = self.saga.pivot
        sent = (step.pivot and self.progress.steps[step.name].sends > 0 for step in self._block())
        return pivot is not None and (self.progress.block > pivot or (self.progress.block == pivot and any(sent)))

    def _settle(self, record: StepProgress, status: StepStatus) -> None:
        record.status = status
        record.due_at = record.deadline_at = None
        if not self.progress.problems:
            self.progress.problem = None

    def _turn_back(self, step: Step[State], record: StepProgress, why: Literal["failed", "timed-out"]) -> None:
        self._settle(record, why)
        if self.progress.failed_step is None:
            self.progress.failed_step, self.progress.failure = step.name, why

    def _try_anew(self, step: Step[State], record: StepProgress) -> None:
        record.due_at = self.now + self._delay(step.retry, record.round)
        record.round, record.sends = record.round + 1, 0

    def _delay(self, policy: RetryPolicy, attempts: int) -> int:
        return delay(policy, attempts, self._chance)

    def _after(self, span: timedelta | None) -> int | None:
        return None if span is None else self.now + int(span.total_seconds() * 1000)


def _past(time: int | None, now: int) -> bool:
    return time is not None and time <= now
