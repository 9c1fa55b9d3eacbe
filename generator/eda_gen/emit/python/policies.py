"""Contracts of channels and of receive operations, as Python source. What the runtime assumes anyway is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import TypeAlias

from eda_gen.emit.broker_names import channel_kinds, channel_names, group_names
from eda_gen.emit.python.text import literal
from eda_gen.model import Channel, DeadLetter, OnFailure, Ordering, ReceiveOperation, Retry, Service

__all__ = ["Arguments", "channel_arguments", "duration", "inbox_arguments", "policy_arguments", "retry_policy"]

Arguments: TypeAlias = "tuple[tuple[str, str], ...]"
"""Names of arguments, and their values as Python source."""

RETENTION = timedelta(days=7)
WINDOW = timedelta(days=7)
CONCURRENCY = 16
BATCH = 200


def channel_arguments(channel: Channel, address: str) -> Arguments:
    named = _by_broker("names", channel_names(address, channel.bindings))
    kinds = _by_broker("kinds", channel_kinds(address, channel.bindings))
    return (("name", literal(channel.name)), ("address", literal(address)), *_channel_policy(channel), *named, *kinds)


def inbox_arguments(service: Service, channel: Channel) -> Arguments:
    """A channel whose address the spec leaves open, where this service listens: `<service>.<channel>`."""
    return channel_arguments(channel, f"{service.name}.{channel.name}")


def _channel_policy(channel: Channel) -> Iterator[tuple[str, str]]:
    if channel.partitions != 1:
        yield "partitions", str(channel.partitions)
    if channel.retention != RETENTION:
        yield "retention", duration(channel.retention)
    if channel.ordering is not Ordering.KEY:
        yield "ordered", "False"


def policy_arguments(service: Service, operation: ReceiveOperation, channel: Channel, constant: str) -> Arguments:
    address = f"{service.name}.{channel.name}" if channel.address is None else channel.address
    names = group_names(operation.group, operation.bindings, address, channel.bindings)
    return (
        ("operation", literal(operation.id)),
        ("group", literal(operation.group)),
        ("channel", constant),
        ("dead_letter", _dead_letter(operation.dead_letter)),
        *_choices(operation),
        *_by_broker("names", names),
    )


def _choices(operation: ReceiveOperation) -> Iterator[tuple[str, str]]:
    if operation.idempotency_window != WINDOW:
        yield "idempotency_window", duration(operation.idempotency_window)
    if operation.retry != Retry():
        yield "retry", retry_policy(operation.retry)
    if operation.on_failure is not OnFailure.PARK_KEY:
        yield "on_failure", literal(operation.on_failure.value)
    if operation.concurrency != CONCURRENCY:
        yield "concurrency", str(operation.concurrency)
    if operation.batch != BATCH:
        yield "batch", str(operation.batch)
    if operation.reply is not None and operation.reply.address is not None:
        yield "reply_to", literal(operation.reply.address)


def _by_broker(argument: str, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if values:
        written = (f"{literal(broker)}: {literal(value)}" for broker, value in values.items())
        yield argument, f"{{{', '.join(written)}}}"


def _dead_letter(letter: DeadLetter) -> str:
    kept = (
        "" if letter.retention == DeadLetter(letter.address).retention else f", retention={duration(letter.retention)}"
    )
    return f"DeadLetterPolicy(address={literal(letter.address)}{kept})"


def retry_policy(retry: Retry) -> str:
    return f"RetryPolicy({', '.join(_retry(retry))})"


def _retry(retry: Retry) -> Iterator[str]:
    usual = Retry()
    if retry.attempts != usual.attempts:
        yield f"attempts={retry.attempts}"
    if retry.backoff is not usual.backoff:
        yield f"backoff={literal(retry.backoff.value)}"
    if retry.initial != usual.initial:
        yield f"initial={duration(retry.initial)}"
    if retry.max != usual.max:
        yield f"max={duration(retry.max)}"
    if retry.jitter != usual.jitter:
        yield f"jitter={retry.jitter!r}"


def duration(value: timedelta) -> str:
    """A `timedelta` in the largest unit that holds it whole."""
    for unit, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)):
        count = value / timedelta(seconds=size)
        if count.is_integer():
            return f"timedelta({unit}={int(count)})"
    return f"timedelta(seconds={value.total_seconds()!r})"
