"""630 to 649: choreographed sagas, whose declared start and ends are held against the flow that `emits` give."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.diagnostics import Severity
from eda_gen.model import MessageId, Saga, SagaStyle
from eda_gen.passes.flows import dead_ends, followers, reachable
from eda_gen.rules.frame import Finding, Subject, rule
from eda_gen.rules.words import listed, named


@rule("EDA631", severity=Severity.ERROR)
def choreography_never_starts(subject: Subject) -> Iterator[Finding]:
    """A choreographed saga's start is received by nobody, or sets nothing off.

    No receive operation of it `emits` anything, so the saga ends where it begins.
    """
    for saga, starts in _choreographed(subject):
        for each in starts:
            if not followers(subject.graph, each):
                told = (
                    f"`{saga.name}` starts with {named(subject.catalog, each)}, after which no operation emits anything"
                )
                yield Finding(saga.span, told, "say what its receive operations emit: `x-eda: {emits: [{$ref: …}]}`")


@rule("EDA632", severity=Severity.ERROR)
def completion_never_reached(subject: Subject) -> Iterator[Finding]:
    """No chain of `emits` leads from a choreographed saga's start to its completion."""
    for saga, starts in _choreographed(subject):
        yield from _unreached(subject, saga, starts, saga.completes, "completes")


@rule("EDA633", severity=Severity.ERROR)
def failure_never_reached(subject: Subject) -> Iterator[Finding]:
    """No chain of `emits` leads from a choreographed saga's start to its failure."""
    for saga, starts in _choreographed(subject):
        yield from _unreached(subject, saga, starts, saga.fails, "fails")


@rule("EDA634")
def dead_end(subject: Subject) -> Iterator[Finding]:
    """A choreographed saga may stop at a message that is none of its declared ends.

    Whoever waits for its completion or failure waits for ever.
    """
    for saga, starts in _choreographed(subject):
        ends = _known(subject, (*saga.completes, *saga.fails))
        for each in dead_ends(subject.graph, starts, ends) if ends else ():
            takers, senders = subject.graph.takers.get(each, ()), subject.graph.senders.get(each, ())
            who = listed(tuple(f"`{taker.name}`" for taker in takers))
            why = f"{who} emit{'s' if len(takers) == 1 else ''} nothing" if takers else "nobody receives it"
            told = f"`{saga.name}` may end in {named(subject.catalog, each)}, which is no end of it: {why}"
            spans = (*(taker.span for taker in takers), *(sender.span for sender in senders), saga.span)
            yield Finding(spans[0], told, "let a service take it further, or list it under `completes` or `fails`")


@rule("EDA635")
def choreography_without_an_end(subject: Subject) -> Iterator[Finding]:
    """A choreographed saga declares no completion.

    Nothing can then be checked: every flow is as good as any other.
    """
    for saga, _ in _choreographed(subject):
        if not saga.completes:
            yield Finding(saga.span, f"`{saga.name}` names no message in `completes`", "add `completes: {$ref: …}`")


def _choreographed(subject: Subject) -> Iterator[tuple[Saga, tuple[MessageId, ...]]]:
    for service in subject.catalog.services:
        for saga in service.sagas:
            if saga.style is SagaStyle.CHOREOGRAPHY:
                yield saga, _known(subject, saga.starts)


def _known(subject: Subject, messages: tuple[MessageId, ...]) -> tuple[MessageId, ...]:
    return tuple(dict.fromkeys(subject.graph.same[each] for each in messages))


def _unreached(
    subject: Subject, saga: Saga, starts: tuple[MessageId, ...], ends: tuple[MessageId, ...], field: str
) -> Iterator[Finding]:
    found = set(reachable(subject.graph, starts))
    for each in _known(subject, ends):
        if each not in found:
            told = f"`{saga.name}` {field} with {named(subject.catalog, each)}, to which nothing leads from its start"
            yield Finding(saga.span, told, _last_known(subject, starts))


def _last_known(subject: Subject, starts: tuple[MessageId, ...]) -> str:
    names = tuple(named(subject.catalog, each) for each in reachable(subject.graph, starts)[-3:])
    return f"the flow comes as far as {listed(names)}: some `emits` is missing"
