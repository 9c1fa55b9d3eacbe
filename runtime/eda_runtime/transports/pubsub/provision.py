"""Creates the topics and subscriptions of a topology, as `eda-gen`'s Terraform does. Never deletes, never shrinks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta

from google.api_core.exceptions import AlreadyExists, NotFound
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.pubsub_v1.types import (
    DeadLetterPolicy,
    ExpirationPolicy,
    RetryPolicy,
    Subscription,
    Topic,
    UpdateSubscriptionRequest,
    UpdateTopicRequest,
)

from eda_runtime.contracts import ChannelContract, ReceivePolicy, Topology
from eda_runtime.transports import ProvisionStep
from eda_runtime.transports.addresses import all_channels
from eda_runtime.transports.pubsub.connection import REQUEST_SECONDS, Connection, broker_errors
from eda_runtime.transports.pubsub.family import is_family, topics_of
from eda_runtime.transports.pubsub.names import short, subscription_ids, subscription_path, topic_id, topic_path
from eda_runtime.transports.pubsub.options import PubsubOptions
from eda_runtime.transports.pubsub.source import LEASE_SECONDS

__all__ = ["provision"]

LEAST_KEPT, MOST_KEPT, MOST_KEPT_BY_EMULATOR = timedelta(minutes=10), timedelta(days=31), timedelta(days=7)
GUARD = 100
"""Deliveries, the most that Pub/Sub allows, of a message that kills its consumer each time: what merely fails is retried from
the service's database, and must not be buried because that was away for long."""
LONGEST_BACKOFF = timedelta(minutes=10)
RETENTION = "message_retention_duration"
AGENT = "service-PROJECT_NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"
"""As whom Pub/Sub moves a message to the dead letter topic."""
DEAD_LETTERS = "dead_letter_policy"
MUTABLE = ("ack_deadline_seconds", "enable_exactly_once_delivery", DEAD_LETTERS, "retry_policy")


async def provision(connection: Connection, topology: Topology, *, dry_run: bool) -> list[ProvisionStep]:
    options = connection.options
    channels = list(all_channels(topology))
    families = [each for each in channels if is_family(each)]
    subscriptions = (*consumers(options, topology), *letters(options, topology))
    with broker_errors("provisioning"):
        return [
            *[
                await provide_topic(connection, topic(options, each), dry_run)
                for each in channels
                if not is_family(each)
            ],
            *[await provide_subscription(connection, each, dry_run) for each in subscriptions],
            *[family_step(each, await topics_of(connection, each)) for each in families],
        ]


def family_step(channel: ChannelContract, found: Sequence[str]) -> ProvisionStep:
    """An address with parameters is as many topics as its parameters have values, which only people know."""
    detail = ", ".join(found) or "create a topic for each value, and a subscription of it for each consumer"
    return ProvisionStep("exists" if found else "conflict", f"topics {channel.address}", detail)


def topic(options: PubsubOptions, channel: ChannelContract) -> Topic:
    path = topic_path(options.project, topic_id(channel.address))
    return Topic(name=path, message_retention_duration=kept(options, channel.retention))


def consumers(options: PubsubOptions, topology: Topology) -> Iterator[Subscription]:
    for receive, name in subscription_ids(topology.receives):
        if not is_family(receive.channel):
            yield consumer(options, receive, name)


def consumer(options: PubsubOptions, receive: ReceivePolicy, name: str) -> Subscription:
    retry, project = receive.retry, options.project
    return Subscription(
        name=subscription_path(project, name),
        topic=topic_path(project, topic_id(receive.channel.address)),
        enable_message_ordering=receive.channel.ordered,
        enable_exactly_once_delivery=True,
        ack_deadline_seconds=LEASE_SECONDS,
        message_retention_duration=kept(options, receive.channel.retention),
        expiration_policy=ExpirationPolicy(),
        retry_policy=RetryPolicy(
            minimum_backoff=duration(min(retry.initial, LONGEST_BACKOFF)),
            maximum_backoff=duration(min(max(retry.initial, retry.max), LONGEST_BACKOFF)),
        ),
        dead_letter_policy=DeadLetterPolicy(
            dead_letter_topic=topic_path(project, topic_id(receive.dead_letter.address)), max_delivery_attempts=GUARD
        ),
    )


def letters(options: PubsubOptions, topology: Topology) -> Iterator[Subscription]:
    """A topic without a subscription keeps nothing that anyone could read."""
    read = {channel.address for channel in topology.channels}
    for letter in {each.dead_letter.address: each.dead_letter for each in topology.receives}.values():
        if letter.address not in read:
            name = topic_id(letter.address)
            yield Subscription(
                name=subscription_path(options.project, name),
                topic=topic_path(options.project, name),
                message_retention_duration=kept(options, letter.retention),
                ack_deadline_seconds=LEASE_SECONDS,
                expiration_policy=ExpirationPolicy(),
            )


async def provide_topic(connection: Connection, wanted: Topic, dry_run: bool) -> ProvisionStep:
    what = f"topic {short(wanted.name)}"
    client = connection.publisher
    try:
        found = await client.get_topic(topic=wanted.name, timeout=REQUEST_SECONDS, retry=None)
    except NotFound:
        if not dry_run:
            with suppress(AlreadyExists):  # another service was quicker
                await client.create_topic(request=wanted, timeout=REQUEST_SECONDS, retry=None)
        return ProvisionStep("create", what)
    if keeps_long_enough(found, wanted):
        return ProvisionStep("exists", what)
    if not dry_run:
        update = UpdateTopicRequest(topic=wanted, update_mask=FieldMask(paths=[RETENTION]))
        await client.update_topic(request=update, timeout=REQUEST_SECONDS, retry=None)
    return ProvisionStep("change", what, RETENTION)


async def provide_subscription(connection: Connection, wanted: Subscription, dry_run: bool) -> ProvisionStep:
    what = f"subscription {short(wanted.name)} to {short(wanted.topic)}"
    client = connection.subscriber
    try:
        found = await client.get_subscription(subscription=wanted.name, timeout=REQUEST_SECONDS, retry=None)
    except NotFound:
        if not dry_run:
            with suppress(AlreadyExists):
                await client.create_subscription(request=wanted, timeout=REQUEST_SECONDS, retry=None)
        return ProvisionStep("create", what, rights_to_grant(connection.options, wanted))
    if problem := unchangeable(found, wanted):
        return ProvisionStep("conflict", what, problem)
    changed = [name for name in MUTABLE if getattr(found, name) != getattr(wanted, name)]
    changed += [] if keeps_long_enough(found, wanted) else [RETENTION]
    if not changed:
        return ProvisionStep("exists", what)
    if not dry_run:
        update = UpdateSubscriptionRequest(subscription=wanted, update_mask=FieldMask(paths=changed))
        await client.update_subscription(request=update, timeout=REQUEST_SECONDS, retry=None)
    rights = rights_to_grant(connection.options, wanted) if DEAD_LETTERS in changed else ""
    return ProvisionStep("change", what, "; ".join(filter(None, (", ".join(changed), rights))))


def rights_to_grant(options: PubsubOptions, wanted: Subscription) -> str:
    """What a person has to do for a new dead letter policy to have an effect, which nothing tells us. Emulators know of no rights."""
    if options.emulator or DEAD_LETTERS not in wanted:
        return ""
    topic = short(wanted.dead_letter_policy.dead_letter_topic)
    return (
        f"for its dead letter policy, grant {AGENT} roles/pubsub.publisher on the topic {topic}"
        " and roles/pubsub.subscriber on this subscription"
    )


def unchangeable(found: Subscription, wanted: Subscription) -> str | None:
    """What of a subscription differs and can only be had by deleting it and making it anew, if so."""
    if found.topic != wanted.topic:
        return f"it reads {short(found.topic)}"
    if found.enable_message_ordering != wanted.enable_message_ordering:
        state = "keeps" if found.enable_message_ordering else "does not keep"
        return f"it {state} the order of keys: let it run empty, then delete it and provision again"
    return None


def keeps_long_enough(found: Topic | Subscription, wanted: Topic | Subscription) -> bool:
    return span(found.message_retention_duration) >= span(wanted.message_retention_duration)


def span(duration: object) -> timedelta:
    """The client gives a `timedelta` where its types say that it gives a `Duration`."""
    assert isinstance(duration, timedelta)
    return duration


def kept(options: PubsubOptions, retention: timedelta) -> Duration:
    most = MOST_KEPT_BY_EMULATOR if options.emulator else MOST_KEPT
    return duration(min(max(retention, LEAST_KEPT), most))


def duration(length: timedelta) -> Duration:
    written = Duration()
    written.FromTimedelta(length)
    return written
