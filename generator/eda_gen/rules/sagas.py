"""601 to 629: orchestrated sagas, their steps and times. What they send and wait for is in `saga_messages`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from eda_gen.diagnostics import Severity
from eda_gen.model import Kind, Saga, SagaStep, SagaStyle, Service
from eda_gen.passes.sagas import steps_of_saga
from eda_gen.rules.delivery import retry_time
from eda_gen.rules.frame import Finding, Subject, rule
from eda_gen.rules.payload import Presence, presence
from eda_gen.rules.words import called, span_of_time

__all__ = ["orchestrated"]


@rule("EDA601", severity=Severity.ERROR)
def compensation_missing(subject: Subject) -> Iterator[Finding]:
    """A step before the pivot has no compensation, and the saga may still fail beside it or after it.

    What it did then stays done in a saga that has failed. A query changes nothing and needs none; a saga without a pivot is
    reversible up to its last step.
    """
    for saga in orchestrated(subject):
        for step, others in _undoable(saga):
            if (
                step.compensate is None
                and not _is_query(subject, step)
                and any(_can_fail(saga, each) for each in others)
            ):
                told = f"nothing undoes `{step.name}` of `{saga.name}` when a later step fails"
                yield Finding(step.span, told, "add `compensate: …`, or move the step behind the pivot")


@rule("EDA602")
def compensation_without_effect(subject: Subject) -> Iterator[Finding]:
    """A step has a compensation that can never be needed.

    It is a query, which changes nothing; or it stands at the pivot or behind it, where nothing is undone any more.
    """
    for saga in orchestrated(subject):
        for step, settled in _with_pivot(saga):
            if step.compensate is not None and (settled or _is_query(subject, step)):
                why = "at the pivot or behind it" if settled else "a query"
                yield Finding(
                    step.span, f"`{step.name}` of `{saga.name}` is {why}: its compensation is never sent", "take it out"
                )


@rule("EDA603", severity=Severity.ERROR)
def correlation_unknown(subject: Subject) -> Iterator[Finding]:
    """A saga's correlation points at a field that its start does not have, or that may be missing.

    Without it no reply finds its instance, and two starts cannot be told apart.
    """
    for service in subject.catalog.services:
        for saga in service.sagas:
            for each in saga.starts if saga.correlation is not None else ():
                message = subject.catalog.messages[each]
                sure = presence(subject.catalog, message, saga.correlation or "")
                if sure in (Presence.NEVER, Presence.SOMETIMES):
                    what = "is no field of" if sure is Presence.NEVER else "may be missing in"
                    told = f"`{saga.correlation}`, which `{saga.name}` correlates by, {what} {called(message)}"
                    yield Finding(saga.span, told, "point at a required field of every message in `starts`")


@rule("EDA609", severity=Severity.ERROR)
def two_pivots(subject: Subject) -> Iterator[Finding]:
    """A saga has two pivots.

    The pivot is the one point of no return: before it everything can be undone, after it everything is carried through.
    """
    for saga in orchestrated(subject):
        pivots = tuple(step for step in steps_of_saga(saga.steps) if step.pivot)
        for each in pivots[1:]:
            told = f"`{saga.name}` has two pivots, `{pivots[0].name}` and `{each.name}`"
            yield Finding(each.span, told, "keep the step after which nothing can be undone")


@rule("EDA610", severity=Severity.ERROR)
def pivot_in_parallel(subject: Subject) -> Iterator[Finding]:
    """A pivot runs side by side with other steps.

    It may succeed while a neighbour fails: then there is no going back, and no going on.
    """
    for saga in orchestrated(subject):
        for block in saga.steps:
            for step in block.parallel:
                if step.pivot:
                    told = f"the pivot `{step.name}` of `{saga.name}` runs side by side with other steps"
                    yield Finding(step.span, told, "let it run alone, after them")


@rule("EDA611")
def failure_after_the_pivot(subject: Subject) -> Iterator[Finding]:
    """A step behind the pivot has a failure reply.

    Nothing is undone there: such a step is tried until it succeeds, so a refusal for good leaves the saga stuck.
    """
    for saga in orchestrated(subject):
        for step, settled in _with_pivot(saga):
            if settled and not step.pivot and step.failure:
                told = f"`{step.name}` of `{saga.name}` stands behind the pivot, and can be refused"
                yield Finding(
                    step.span, told, "move it before the pivot, or make its handler always succeed in the end"
                )


@rule("EDA612")
def timeout_shorter_than_retries(subject: Subject) -> Iterator[Finding]:
    """A step's time-out is over before its retries are.

    The last attempts are never made.
    """
    for saga in orchestrated(subject):
        for step in steps_of_saga(saga.steps):
            needed = retry_time(step.retry)
            if step.timeout is not None and step.timeout <= needed:
                told = f"`{step.name}` of `{saga.name}` ends after {span_of_time(step.timeout)}, its retries take {span_of_time(needed)}"
                yield Finding(step.span, told, "a longer `timeout`, fewer attempts, or shorter delays")


@rule("EDA613")
def timeout_longer_than_the_saga(subject: Subject) -> Iterator[Finding]:
    """The time-outs of a saga's steps, one after the other, are longer than the saga's own.

    The saga is given up while a step may still succeed.
    """
    for saga in orchestrated(subject):
        longest = sum((_longest(step) for step in saga.steps), timedelta())
        if saga.timeout is not None and longest > saga.timeout:
            told = f"the steps of `{saga.name}` may take {span_of_time(longest)}, the saga ends after {span_of_time(saga.timeout)}"
            yield Finding(saga.span, told, "a longer `timeout` for the saga, or shorter ones for its steps")


@rule("EDA614")
def step_that_may_wait_for_ever(subject: Subject) -> Iterator[Finding]:
    """Neither a step nor its saga has a time-out.

    When a reply is lost, or nobody handles the command, the instance waits for ever.
    """
    for saga in orchestrated(subject):
        for step in steps_of_saga(saga.steps):
            if saga.timeout is None and step.timeout is None and not step.parallel:
                told = f"`{step.name}` of `{saga.name}` waits without end for its reply"
                yield Finding(step.span, told, "give the step or the saga a `timeout`")


@rule("EDA616")
def saga_ends_in_silence(subject: Subject) -> Iterator[Finding]:
    """A saga that completes, or fails, tells nobody.

    Who started it has no way to know how it ended.
    """
    for saga in orchestrated(subject):
        failing = any(_can_fail(saga, step) for step in _reversible(saga))
        missing = [("completes", not saga.completes), ("fails", failing and not saga.fails)]
        for field in (name for name, is_missing in missing if is_missing):
            yield Finding(saga.span, f"`{saga.name}` names no message in `{field}`", f"add `{field}: {{$ref: …}}`")


@rule("EDA617", severity=Severity.ERROR)
def step_names_repeat(subject: Subject) -> Iterator[Finding]:
    """Two steps of a saga have one name.

    State, timers and history are kept by it.
    """
    for saga in orchestrated(subject):
        seen: set[str] = set()
        for step in steps_of_saga(saga.steps):
            if step.name in seen:
                yield Finding(step.span, f"`{saga.name}` has two steps called `{step.name}`", "rename one")
            seen.add(step.name)


def orchestrated(subject: Subject) -> Iterator[Saga]:
    return (saga for service in subject.catalog.services for saga in _of(service))


def _of(service: Service) -> Iterator[Saga]:
    return (saga for saga in service.sagas if saga.style is SagaStyle.ORCHESTRATION)


def _undoable(saga: Saga) -> Iterator[tuple[SagaStep, tuple[SagaStep, ...]]]:
    """The steps before the pivot, each with those that may fail after it, or beside it."""
    before: list[SagaStep] = []
    for step in saga.steps:
        before.append(step)
        if step.pivot or any(each.pivot for each in step.parallel):
            break
    for number, step in enumerate(before):
        later = tuple(steps_of_saga(tuple(before[number + 1 :])))
        for each in step.parallel or (step,):
            beside = tuple(other for other in step.parallel if other is not each)
            if not each.pivot:
                yield each, (*beside, *later)


def _with_pivot(saga: Saga) -> Iterator[tuple[SagaStep, bool]]:
    """The steps, each with whether it is the pivot or comes after it."""
    settled = False
    for step in saga.steps:
        settled = settled or step.pivot
        yield from ((each, settled or each.pivot) for each in step.parallel or (step,))
        settled = settled or any(each.pivot for each in step.parallel)


def _can_fail(saga: Saga, step: SagaStep) -> bool:
    return bool(step.failure) or step.timeout is not None or saga.timeout is not None


def _reversible(saga: Saga) -> Iterator[SagaStep]:
    """The steps up to the pivot, and the pivot: those whose failure makes the saga fail."""
    return (step for step, settled in _with_pivot(saga) if step.pivot or not settled)


def _is_query(subject: Subject, step: SagaStep) -> bool:
    return step.send is not None and subject.catalog.messages[step.send].kind is Kind.QUERY


def _longest(step: SagaStep) -> timedelta:
    if step.parallel:
        return max(_longest(each) for each in step.parallel)
    return step.timeout or timedelta()
