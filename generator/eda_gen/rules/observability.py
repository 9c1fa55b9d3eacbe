"""7xx: what is promised and measured."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.diagnostics import Severity
from eda_gen.rules.frame import Finding, Subject, rule
from eda_gen.rules.words import called, span_of_time


@rule("EDA701", severity=Severity.ERROR)
def freshness_shorter_than_latency(subject: Subject) -> Iterator[Finding]:
    """A message promises to be fresher than it may be late.

    `latency` is how long its delivery may take, `freshness` how old it may be when it is read: the second holds the first.
    """
    for message in subject.catalog.messages.values():
        sla = message.sla
        if sla is not None and sla.latency is not None and sla.freshness is not None and sla.freshness < sla.latency:
            told = f"{called(message)} may take {span_of_time(sla.latency)}, and be no older than {span_of_time(sla.freshness)}"
            yield Finding(message.span, told, "a longer `freshness`, or a shorter `latency`")


@rule("EDA702")
def availability_without_room_for_failure(subject: Subject) -> Iterator[Finding]:
    """A message promises to be available all the time.

    Nothing is: such a promise is broken by the first restart, and nobody can alert on how much of it is left.
    """
    for message in subject.catalog.messages.values():
        if message.sla is not None and message.sla.availability == 100:
            told = f"{called(message)} promises an availability of 100 %"
            yield Finding(message.span, told, "say what is enough, such as 99.9")


@rule("EDA703")
def latency_shorter_than_first_retry(subject: Subject) -> Iterator[Finding]:
    """A consumer waits longer before it tries a failed message again than the message may be late.

    One failure of any kind then breaks the promise.
    """
    for service in subject.catalog.services:
        for receive in service.receives:
            for each in receive.messages:
                message = subject.catalog.messages[each]
                promised = message.sla.latency if message.sla is not None else None
                if promised is not None and promised < receive.retry.initial and receive.retry.attempts > 1:
                    waits = span_of_time(receive.retry.initial)
                    told = f"`{receive.id}` tries {called(message)} again after {waits}, and it promises {span_of_time(promised)}"
                    yield Finding(receive.span, told, "a shorter `retry.initial`, or a longer `sla.latency`")
