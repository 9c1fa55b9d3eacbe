"""5xx: delivery and order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from eda_gen.diagnostics import Severity
from eda_gen.model import Backoff, Catalog, Channel, Message, Ordering, ReceiveOperation, Retry, Service
from eda_gen.rules.frame import Finding, Subject, rule
from eda_gen.rules.payload import Presence, presence, scalar
from eda_gen.rules.words import called, listed, span_of_time

__all__ = ["retry_time"]


@rule("EDA501")
def partition_key_missing(subject: Subject) -> Iterator[Finding]:
    """A message on an ordered channel of several partitions names no partition key.

    Without a key the broker spreads one entity's messages over the partitions, and their order is lost.
    """
    for channel, message in _ordered(subject.catalog):
        if message.key is None and channel.partitions > 1:
            told = (
                f"{called(message)} has no partition key, and `{_shown(channel)}` has {channel.partitions} partitions"
            )
            yield Finding(message.span, told, "add `key: $message.payload#/…`, or `ordering: none` to the channel")


@rule("EDA502", severity=Severity.ERROR)
def partition_key_unknown(subject: Subject) -> Iterator[Finding]:
    """A partition key points at a field that the message does not have."""
    for message in subject.catalog.messages.values():
        if message.key is not None and presence(subject.catalog, message, message.key) is Presence.NEVER:
            told = f"the key of {called(message)}, `{message.key}`, is no field of it"
            yield Finding(message.span, told, "point at a field that identifies what must stay in order")


@rule("EDA503")
def partition_key_optional(subject: Subject) -> Iterator[Finding]:
    """A partition key points at a field that may be missing.

    Messages without it go to any partition, and overtake those of the same entity that have it.
    """
    for channel, message in _ordered(subject.catalog):
        if message.key is not None and presence(subject.catalog, message, message.key) is Presence.SOMETIMES:
            told = f"the key of {called(message)} on `{_shown(channel)}`, `{message.key}`, may be missing"
            yield Finding(message.span, told, "list it, and what is around it, under `required`")


@rule("EDA504", severity=Severity.ERROR)
def partition_key_not_scalar(subject: Subject) -> Iterator[Finding]:
    """A partition key points at an object or a list.

    A key is text: two equal objects may be written in two ways, and would land in two partitions.
    """
    for message in subject.catalog.messages.values():
        if message.key is not None and not scalar(subject.catalog, message, message.key):
            told = f"the key of {called(message)}, `{message.key}`, is no text or number"
            yield Finding(message.span, told, "point at the identifier inside")


@rule("EDA505")
def keys_differ_on_a_channel(subject: Subject) -> Iterator[Finding]:
    """Messages of one ordered channel have keys of different names.

    Order holds per key: an order's events by `orderId` and a customer's by `customerId` do not wait for one another.
    """
    for channel in subject.catalog.channels.values():
        first: Message | None = None
        for _, message in _ordered_of(subject.catalog, channel):
            first = first or (message if message.key is not None else None)
            if (
                first is None
                or message.key is None
                or channel.partitions == 1
                or _last(message.key) == _last(first.key)
            ):
                continue
            told = f"on `{_shown(channel)}`, {called(message)} has the key `{message.key}` and {called(first)} `{first.key}`"
            yield Finding(message.span, told, "take one key for both, or two channels")


@rule("EDA506", severity=Severity.ERROR)
def dedupe_key_not_always_there(subject: Subject) -> Iterator[Finding]:
    """A dedupe key points at a field that is not there, or may be missing.

    All messages without it would count as one, and be dropped as duplicates.
    """
    for message in subject.catalog.messages.values():
        sure = presence(subject.catalog, message, message.dedupe) if message.dedupe is not None else Presence.ALWAYS
        if sure in (Presence.NEVER, Presence.SOMETIMES):
            what = "is no field of it" if sure is Presence.NEVER else "may be missing"
            told = f"the dedupe key of {called(message)}, `{message.dedupe}`, {what}"
            yield Finding(
                message.span, told, "point at a required field, or leave `dedupe` out: the event's id does it"
            )


@rule("EDA507")
def idempotency_window_too_short(subject: Subject) -> Iterator[Finding]:
    """A consumer forgets what it did while the channel can still deliver it again.

    A replay, or a broker that starts from an old position, would then apply messages twice.
    """
    for _, receive, channel in _receives(subject.catalog):
        if receive.idempotency_window < channel.retention:
            window, kept = span_of_time(receive.idempotency_window), span_of_time(channel.retention)
            told = (
                f"`{receive.id}` forgets what it did after {window}, but `{_shown(channel)}` keeps messages for {kept}"
            )
            yield Finding(receive.span, told, f"set `idempotency: {{window: {kept}}}`")


@rule("EDA508", severity=Severity.ERROR)
def retry_maximum_below_initial(subject: Subject) -> Iterator[Finding]:
    """A retry's longest delay is shorter than its first."""
    for _, receive, _ in _receives(subject.catalog):
        retry = receive.retry
        if retry.max < retry.initial:
            told = f"`{receive.id}` waits {span_of_time(retry.initial)} at first and {span_of_time(retry.max)} at most"
            yield Finding(receive.span, told, "raise `max`, or lower `initial`")


@rule("EDA509")
def retries_outlast_idempotency(subject: Subject) -> Iterator[Finding]:
    """A failed message is tried again after its consumer has forgotten its duplicates.

    A duplicate that arrives in the meantime is then taken for new.
    """
    for _, receive, _ in _receives(subject.catalog):
        longest = retry_time(receive.retry)
        if longest > receive.idempotency_window:
            told = (
                f"`{receive.id}` tries for up to {span_of_time(longest)}, "
                f"and remembers for {span_of_time(receive.idempotency_window)}"
            )
            yield Finding(receive.span, told, "fewer attempts, shorter delays, or a longer `idempotency.window`")


@rule("EDA510", severity=Severity.ERROR)
def group_with_two_consumers(subject: Subject) -> Iterator[Finding]:
    """Two consumers of one channel are in the same group.

    A group shares its messages out: each of the two gets a part, and neither gets all.
    """
    for message_id, takers in subject.graph.takers.items():
        seen: dict[tuple[str | None, str | None], str] = {}
        for each in takers:
            other = seen.setdefault((each.channel, each.group), each.name)
            if each.group is not None and other != each.name:
                told = f"`{other}` and `{each.name}` both take {called(subject.catalog.messages[message_id])} as `{each.group}`"
                yield Finding(each.span, told, "give each its own `group`")


@rule("EDA511")
def address_described_twice(subject: Subject) -> Iterator[Finding]:
    """Two documents describe one address with different partitions, retention or ordering.

    What is provisioned depends on whose turn it is.
    """
    for channel in subject.catalog.channels.values():
        first = subject.catalog.channels[subject.graph.same_channel[channel.id]]
        differing = tuple(
            name for name in ("partitions", "retention", "ordering") if getattr(channel, name) != getattr(first, name)
        )
        if differing:
            told = f"`{_shown(channel)}` is also described at {first.span}, with other {listed(differing)}"
            yield Finding(channel.span, told, "describe it once, and refer to it by `$ref`")


@rule("EDA512")
def sent_past_the_outbox(subject: Subject) -> Iterator[Finding]:
    """A message is sent without the outbox.

    A crash between the database's commit and the send loses it; a rollback after the send cannot take it back.
    """
    for service in subject.catalog.services:
        for send in service.sends:
            if not send.outbox:
                told = f"`{send.id}` sends past the outbox: its messages are lost when the service stops at the wrong moment"
                yield Finding(send.span, told, "leave `outbox: true`, unless losing them is fine")


def retry_time(retry: Retry) -> timedelta:
    """The sum of all delays, without jitter."""
    total, delay = timedelta(), retry.initial
    for attempt in range(retry.attempts - 1):
        if delay >= retry.max or retry.backoff is Backoff.FIXED:
            return _capped(total, min(delay, retry.max), retry.attempts - 1 - attempt)
        total, delay = total + delay, delay * 2
    return total


def _capped(total: timedelta, delay: timedelta, times: int) -> timedelta:
    return timedelta(
        seconds=min(total.total_seconds() + delay.total_seconds() * times, timedelta.max.total_seconds() // 2)
    )


def _ordered(catalog: Catalog) -> Iterator[tuple[Channel, Message]]:
    return (pair for channel in catalog.channels.values() for pair in _ordered_of(catalog, channel))


def _ordered_of(catalog: Catalog, channel: Channel) -> Iterator[tuple[Channel, Message]]:
    if channel.ordering is Ordering.KEY:
        yield from ((channel, catalog.messages[each]) for each in channel.messages)


def _receives(catalog: Catalog) -> Iterator[tuple[Service, ReceiveOperation, Channel]]:
    for service in catalog.services:
        yield from ((service, each, catalog.channels[each.channel]) for each in service.receives)


def _shown(channel: Channel) -> str:
    return channel.address or channel.name


def _last(key: str | None) -> str:
    return (key or "").rpartition("/")[2]
