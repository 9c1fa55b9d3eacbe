"""Time-outs against retries: plain arithmetic, so no state is explored for it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from eda_gen.model import Backoff, Retry, Saga, SagaStep
from eda_gen.passes.sagas import steps_of_saga
from eda_gen.rules.words import span_of_time
from eda_gen.verify.verdict import Fault, Moment, Property

__all__ = ["short_time_outs"]


def short_time_outs(saga: Saga) -> Iterator[Fault]:
    """Steps whose last attempts would be due when their time-out is over."""
    for step in steps_of_saga(saga.steps):
        times = list(_attempts(step.retry))
        if step.timeout is not None and step.send is not None and times[-1] >= step.timeout:
            made = [time for time in times if time < step.timeout]
            told = f"{step.name} times out after {span_of_time(step.timeout)}, before attempt {len(made) + 1} of {len(times)}"
            yield Fault(Property.RETRIES, told, tuple(_told(saga, step, made, times)))


def _told(saga: Saga, step: SagaStep, made: list[timedelta], times: list[timedelta]) -> Iterator[Moment]:
    for number, time in enumerate(made, 1):
        when = f", after {span_of_time(time)}" if time else ""
        yield Moment(saga.name, step.name, f"attempt {number} of {len(times)}{when}")
    yield Moment(saga.name, saga.name, f"{step.name} times out after {span_of_time(step.timeout or timedelta())}")
    late = times[len(made)]
    yield Moment(saga.name, saga.name, f"attempt {len(made) + 1}, due after {span_of_time(late)}, is never made")


def _attempts(retry: Retry) -> Iterator[timedelta]:
    """When each attempt is made, counted from the first, without jitter."""
    time, delay = timedelta(), retry.initial
    for _ in range(retry.attempts):
        yield time
        time += min(delay, retry.max)
        delay = delay if retry.backoff is Backoff.FIXED or delay >= retry.max else delay * 2
