"""A saga's workflow: the rules of `eda_runtime.saga.machine`, with Temporal for state, timers and sending.

Signals bring messages, activities send them, and a history that is full goes on in a new run. All is deterministic: time
and chance are the workflow's.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Generic, cast

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

from eda_runtime.contracts import MessageContract
from eda_runtime.saga.control import Event
from eda_runtime.saga.definition import Saga, State
from eda_runtime.saga.letters import sending
from eda_runtime.saga.machine import Turn
from eda_runtime.saga.progress import ENDED, Letter, Note, Progress
from eda_runtime.saga.replies import take
from eda_runtime.temporal.activities import activity_name
from eda_runtime.temporal.instance import Instance, Order, Outcome, Said

__all__ = ["SagaWorkflow", "made_by_activities"]

TO_SEND = timedelta(seconds=10)
"""For making a message and putting it into the outbox; a worker that dies over it is noticed then."""
ONCE = RetryPolicy(maximum_attempts=1)
"""The machine tries again, and shows why."""
SHORTEST_WAIT = 0.02
MOST_KEPT = 1000
"""Lines of history, and ids of messages: what a run hands on to the next must stay small."""


class _Elsewhere:
    def __getattr__(self, name: str) -> object:
        return None


def made_by_activities() -> Any:
    """Stands in a workflow for the code that makes a saga's messages: that runs in activities, where it may do anything."""
    return _Elsewhere()


class SagaWorkflow(Generic[State]):
    """The base of generated workflows.

    An instance is open until it has ended, and a failed one for as long as a step that has timed out may still turn out to
    have taken effect. Its memo, and the queries `progress` and `history`, show where it stands; the signals `retry` and
    `abandon` are for a person.
    """

    definition: ClassVar[Saga[Any]]
    task_queue: ClassVar[str]

    def __init__(self) -> None:
        self._inbox: list[Callable[[], None]] = []
        self._instance: Instance[State] | None = None
        self._shown: tuple[str, str | None] | None = None
        self._cause: str | None = None

    @property
    def instance(self) -> Instance[State]:
        assert self._instance is not None
        return self._instance

    @workflow.query
    def progress(self) -> Progress:
        return self.instance.progress

    @workflow.query
    def history(self) -> list[Event]:
        return self.instance.history

    @workflow.signal
    def retry(self) -> None:
        """Send at once what waits to be sent (again)."""
        self._inbox.append(self._hurry)

    @workflow.signal
    def abandon(self, why: str) -> None:
        """Let the instance be: nothing more is sent, nothing is undone."""
        self._inbox.append(partial(self._give_up, why))

    def take(self, message: MessageContract[Any], event: Any, said: Said) -> None:
        """Keep a message for the workflow's next turn."""
        self._inbox.append(partial(self._take, message, event, said))

    async def carry_through(self, instance: Instance[State]) -> Outcome[State]:
        """Run an instance from where it stands to its end."""
        self._instance = instance
        while not self._is_over():
            await self._wait()
            while self._inbox:
                self._inbox.pop(0)()
                await self._advance()
            await self._advance()
            self._show()
            if workflow.info().is_continue_as_new_suggested() and not self._inbox:
                workflow.continue_as_new(instance)
        return Outcome(status=instance.progress.status, state=self._state())

    # What happens

    async def _wait(self) -> None:
        due = self.instance.ended_at or self.instance.progress.due_at
        seconds = None if due is None else max(SHORTEST_WAIT, (due - _now()) / 1000)
        with suppress(TimeoutError):
            await workflow.wait_condition(lambda: bool(self._inbox), timeout=seconds)

    def _take(self, message: MessageContract[Any], event: Any, said: Said) -> None:
        instance = self.instance
        if said.id in instance.said:
            return self._remember(Note("duplicate", message=message.type, detail="the same message"))
        instance.said = [*instance.said, said.id][-MOST_KEPT:]
        self._cause = said.id
        turn = self._turn({})
        if not instance.progress.steps:
            turn.start(message.type)
        elif take(turn, instance.id, message, said.causationid):
            self._keep(message, event)
        return self._remember(*turn.notes)

    def _keep(self, message: MessageContract[Any], event: Any) -> None:
        fields = {contract.type: name for name, contract in self.definition.keeps.items()}
        if message.type in fields:
            self.instance.state = self.instance.state.model_copy(update={fields[message.type]: event})

    def _hurry(self) -> None:
        if self.instance.progress.status not in ENDED:
            self.instance.progress.hurry(_now())
            self._remember(Note("resumed"))

    def _give_up(self, why: str) -> None:
        if self.instance.progress.status not in ENDED:
            self.instance.progress.status = "abandoned"
            self._remember(Note("abandoned", detail=why))

    async def _advance(self) -> None:
        """Do all that can be done now. Where the machine asks for a letter, it is sent, and the machine goes on."""
        answers: dict[Letter, str | None] = {}
        while (letter := self._asked(answers)) is not None:
            answers[letter] = await self._send(letter)
        self._cause = None

    def _asked(self, answers: dict[Letter, str | None]) -> Letter | None:
        """Let the machine advance to its next letter that has not been answered, or as far as it can."""
        turn = self._turn(answers)
        try:
            turn.advance()
        except _Asked as asked:
            return asked.letter
        finally:
            self._remember(*turn.notes)
        return None

    def _turn(self, answers: dict[Letter, str | None]) -> Turn[State]:
        def send(letter: Letter) -> str:
            if letter not in answers:
                raise _Asked(letter)
            problem = answers.pop(letter)
            if problem is not None:
                raise SendingFailed(problem)
            return sending(self.definition, letter).contract.type

        chance = workflow.random().uniform
        return Turn(cast(Saga[State], self.definition), self.instance.progress, _now(), send, chance)

    async def _send(self, letter: Letter) -> str | None:
        """Have a letter made and sent; returns what went wrong."""
        instance = self.instance
        order = Order(
            instance=instance.id,
            correlationid=instance.correlationid,
            causationid=self._cause,
            letter=letter,
            state=self._state(),
        )
        try:
            await workflow.execute_activity(
                activity_name(self.definition.name, letter),
                order,
                start_to_close_timeout=TO_SEND,
                retry_policy=ONCE,
                summary=letter.id,
            )
        except ActivityError as error:
            return str(error.cause or error)
        return None

    # How it stands

    def _state(self) -> State:
        progress = self.instance.progress
        why = {"failed_step": progress.failed_step, "failure": progress.failure}
        return self.instance.state.model_copy(update=why)

    def _is_over(self) -> bool:
        """Whether it has ended, and nothing can come that would have to be undone."""
        instance = self.instance
        if self._inbox or instance.progress.status not in ENDED:
            instance.ended_at = None
            return False
        if instance.progress.status != "failed" or not self._may_be_late():
            return True
        if instance.ended_at is None:
            instance.ended_at = _now() + int(self.definition.retention.total_seconds() * 1000)
        return instance.ended_at <= _now()

    def _may_be_late(self) -> bool:
        """Whether a step that timed out could still succeed, and would then be compensated."""
        steps = self.instance.progress.steps
        return any(steps[each.name].status == "timed-out" and each.compensate for each in self.definition.steps)

    def _remember(self, *notes: Note) -> None:
        now = datetime.fromtimestamp(_now() / 1000, UTC)
        lines = [Event(now, each.kind, each.step, each.message, each.detail) for each in notes]
        self.instance.history = [*self.instance.history, *lines][-MOST_KEPT:]

    def _show(self) -> None:
        """Let lists of workflows tell how this one stands."""
        progress = self.instance.progress
        if self._shown != (progress.status, progress.problem):
            self._shown = (progress.status, progress.problem)
            workflow.upsert_memo({"status": progress.status, "problem": progress.problem})


class SendingFailed(Exception):
    """The activity that was to make and send a message failed."""


class _Asked(BaseException):
    """The machine wants a letter sent. It passes through the machine, which takes exceptions for a person's."""

    def __init__(self, letter: Letter) -> None:
        super().__init__(letter)
        self.letter = letter


def _now() -> int:
    return int(workflow.time() * 1000)
