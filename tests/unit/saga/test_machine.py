"""The rules of a saga, on one instance and without a database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eda_runtime import ChannelContract, Event, MessageContract, RetryPolicy
from eda_runtime.saga import Saga, SagaState, Send, Step
from eda_runtime.saga.machine import Turn
from eda_runtime.saga.progress import Letter, Progress

SECOND = 1000


class Empty(Event):
    """Nothing."""


def contract(name: str) -> MessageContract[Empty]:
    return MessageContract(name=name, version=1, type=f"{name}.v1", model=Empty)


def send(name: str) -> Send[SagaState, Any]:
    return Send(contract(name), ChannelContract("c", "c"), lambda state: Empty())


def step(name: str, **fields: Any) -> Step[SagaState]:
    retry = RetryPolicy(attempts=2, initial=timedelta(seconds=1), max=timedelta(seconds=4), jitter=0.0)
    settings: dict[str, Any] = {"retry": retry, "timeout": timedelta(seconds=10)} | fields
    return Step(name=name, send=send(name), success=(contract(f"{name}Done"),), **settings)


class Instance:
    """An instance, and what it has sent. `unable` are letters that cannot be made."""

    def __init__(self, *blocks: tuple[Step[SagaState], ...]) -> None:
        self.saga: Saga[SagaState] = Saga("S", SagaState, {}, (), blocks, (), timeout=timedelta(seconds=100))
        self.progress = Progress()
        self.sent: list[str] = []
        self.unable: set[str] = set()
        self.turn(0).start("Start.v1")
        self.let(0)

    def turn(self, now: int) -> Turn[SagaState]:
        return Turn(self.saga, self.progress, now * SECOND, self._send)

    def let(self, now: int) -> list[str]:
        """Let the time come; returns what was sent because of it."""
        before = len(self.sent)
        self.turn(now).advance()
        return self.sent[before:]

    def done(self, name: str, now: int = 0) -> list[str]:
        return self._take("succeed", name, now)

    def refused(self, name: str, now: int = 0) -> list[str]:
        return self._take("fail", name, now)

    def confirmed(self, name: str, now: int = 0) -> list[str]:
        return self._take("confirm", name, now)

    def status(self, name: str) -> str:
        return self.progress.steps[name].status

    def _take(self, what: str, name: str, now: int) -> list[str]:
        before = len(self.sent)
        turn = self.turn(now)
        getattr(turn, what)(next(step for step in self.saga.steps if step.name == name), "Reply.v1")
        turn.advance()
        return self.sent[before:]

    def _send(self, letter: Letter) -> str:
        if letter.id in self.unable:
            raise RuntimeError("no words")
        self.sent.append(letter.id)
        return "Type.v1"


def test_a_command_is_sent_as_often_as_its_retry_says_and_no_more() -> None:
    instance = Instance((step("a"),))

    assert [instance.let(now) for now in (1, 2, 5, 9)] == [["a/command/1"], [], [], []]


def test_a_step_behind_the_pivot_is_sent_until_it_succeeds_whatever_its_time_out() -> None:
    instance = Instance((step("p", pivot=True),), (step("a"),))
    instance.done("p")

    assert [instance.let(now) for now in (1, 3, 7, 11, 50)] == [["a/command/1"]] * 5
    assert instance.status("a") == "running"
    assert instance.progress.problem is not None


def test_a_refusal_behind_the_pivot_starts_a_round_under_another_id() -> None:
    instance = Instance((step("p", pivot=True),), (step("a", failure=(contract("No"),)),))
    instance.done("p")

    assert instance.refused("a") == []
    assert instance.let(1) == ["a/command/2"]


def test_a_refusal_of_an_earlier_round_starts_no_other_one() -> None:
    instance = Instance((step("p", pivot=True),), (step("a", failure=(contract("No"),)),))
    instance.done("p")
    instance.refused("a")
    instance.let(1)

    turn = instance.turn(2)
    turn.fail(instance.saga.blocks[1][0], "No.v1", 1)

    assert [note.kind for note in turn.notes] == ["duplicate"]
    assert instance.progress.steps["a"].round == 2


def test_success_ends_what_was_overdue() -> None:
    instance = Instance((step("p", pivot=True),))
    instance.let(11)

    instance.done("p", 12)

    assert (instance.progress.status, instance.progress.problem) == ("completed", None)


def test_a_compensation_that_is_answered_holds_up_the_one_before_it() -> None:
    answered: dict[str, Any] = {"compensate": send("undo"), "compensated": (contract("Undone"),)}
    instance = Instance((step("a", **answered),), (step("b", **answered),), (step("c"),))
    instance.done("a")
    instance.done("b")

    assert instance.refused("c") == ["b/compensation/1"]
    assert instance.confirmed("b") == ["a/compensation/1"]
    assert instance.progress.announced is False
    instance.confirmed("a")
    assert instance.progress.status == "failed"


def test_a_compensation_that_is_not_answered_is_sent_without_end_and_shown() -> None:
    instance = Instance((step("a", compensate=send("undo"), compensated=(contract("Undone"),)),), (step("b"),))
    instance.done("a")
    instance.refused("b")

    assert [instance.let(now) for now in (1, 3, 7, 11, 500)] == [["a/compensation/1"]] * 5
    assert instance.progress.problem == "the compensation of a is not answered: it is sent until it is"


def test_the_saga_s_time_out_gives_up_what_runs_before_the_pivot() -> None:
    instance = Instance((step("a", timeout=None, retry=RetryPolicy(attempts=1)),), (step("p", pivot=True),))

    instance.let(100)

    assert (instance.status("a"), instance.progress.status) == ("timed-out", "failed")


def test_the_saga_s_time_out_leaves_what_is_behind_the_pivot() -> None:
    instance = Instance((step("p", pivot=True),), (step("a"),))
    instance.done("p")

    instance.let(100)

    assert (instance.status("a"), instance.progress.status) == ("running", "running")


def test_a_late_success_before_anything_is_undone_puts_the_saga_back_on_its_way() -> None:
    instance = Instance(
        (step("a", timeout=timedelta(seconds=5)), step("b", timeout=timedelta(seconds=50))), (step("c"),)
    )
    instance.let(6)
    assert instance.status("a") == "timed-out"

    instance.done("a", 7)

    assert instance.done("b", 8) == ["c/command/1"]
    assert instance.progress.failed_step is None


@pytest.mark.parametrize("late", [30, 300])
def test_a_late_success_is_undone_once_however_often_it_comes(late: int) -> None:
    instance = Instance((step("a", compensate=send("undo")),))
    instance.let(11)
    assert instance.progress.status == "failed"

    assert instance.done("a", late) == ["a/compensation/1"]
    assert instance.done("a", late + 1) == []
    assert instance.progress.status == "failed"


def test_a_message_that_cannot_be_made_waits_ever_longer_and_is_shown() -> None:
    instance = Instance((step("a"),))
    instance.unable = {"b/command/1"}
    instance.saga = Saga("S", SagaState, {}, (), ((step("a"),), (step("b", timeout=None),)), ())
    instance.progress = Progress()
    instance.turn(0).start("Start.v1")
    instance.let(0)
    instance.done("a")
    first = instance.progress.again_at
    assert instance.progress.problem == "the command could not be made: RuntimeError: no words"

    instance.let(3)
    assert (instance.progress.again_at or 0) - 3 * SECOND > (first or 0)

    instance.unable = set()
    assert instance.let(1000) == ["b/command/1"]
    assert instance.progress.problem is None


def test_replies_out_of_turn_change_nothing() -> None:
    instance = Instance((step("a"),), (step("b"),))
    before = instance.progress.model_copy(deep=True)

    assert instance.done("b") == instance.refused("b") == instance.confirmed("a") == []
    assert instance.progress == before


def test_what_is_abandoned_sends_nothing_more() -> None:
    instance = Instance((step("a", compensate=send("undo")),))
    instance.progress.status = "abandoned"

    assert instance.done("a") == instance.let(1000) == []
    assert instance.progress.due_at is None
