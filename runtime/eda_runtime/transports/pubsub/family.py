"""What stands behind an address: one topic, or as many as its parameters have values that people made topics for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from google.api_core.exceptions import Forbidden, NotFound
from google.pubsub_v1.types import Subscription

from eda_runtime.contracts import ChannelContract, ReceivePolicy
from eda_runtime.errors import ConfigurationError
from eda_runtime.transports.addresses import AddressBook, normal_address
from eda_runtime.transports.pubsub.connection import REQUEST_SECONDS, Connection
from eda_runtime.transports.pubsub.names import candidates, short, subscription_path, topic_id

__all__ = ["is_family", "subscriptions_of", "topics_of"]

DIGITS = r"(\.[0-9a-f]{8})?"
"""`eda-gen` writes digits of the address behind the name of a subscription where an operation has several."""


def is_family(channel: ChannelContract) -> bool:
    return "{" in channel.address


async def topics_of(connection: Connection, channel: ChannelContract) -> list[str]:
    """The topics that an address with parameters fits."""
    book = AddressBook({normal_address(channel.address): True})
    project = f"projects/{connection.options.project}"
    pages = await connection.publisher.list_topics(project=project, timeout=REQUEST_SECONDS, retry=None)
    return sorted([short(each.name) async for each in pages if book.find(short(each.name))])


async def subscriptions_of(connection: Connection, policy: ReceivePolicy) -> Mapping[str, str]:
    """The subscriptions of a consumer by their paths, with the address that each reads.

    Raises `ConfigurationError` where there is none, or one that does not keep the order of keys.
    """
    channel = policy.channel
    found = await (_many if is_family(channel) else _one)(connection, policy)
    if not found:
        names = " or ".join(dict.fromkeys(reversed(candidates(policy))))
        raise ConfigurationError(f"no subscription {names} reads {channel.address}: run `eda provision` first")
    unordered = [short(each.name) for each in found if channel.ordered and not each.enable_message_ordering]
    if unordered:
        raise ConfigurationError(f"subscription {unordered[0]} does not keep the order of keys: see `eda provision`")
    return {each.name: short(each.topic) if is_family(channel) else channel.address for each in found}


async def _one(connection: Connection, policy: ReceivePolicy) -> list[Subscription]:
    """A service may well not be allowed to look: then to pull will tell."""
    for name in candidates(policy):
        path = subscription_path(connection.options.project, name)
        try:
            found = await connection.subscriber.get_subscription(subscription=path, timeout=REQUEST_SECONDS, retry=None)
        except NotFound:
            continue
        except Forbidden:
            path = subscription_path(connection.options.project, candidates(policy)[-1])
            return [Subscription(name=path, enable_message_ordering=True)]
        if short(found.topic) == topic_id(policy.channel.address):
            return [found]
    return []


async def _many(connection: Connection, policy: ReceivePolicy) -> list[Subscription]:
    book = AddressBook({normal_address(policy.channel.address): True})
    named = re.compile(f"({'|'.join(map(re.escape, candidates(policy)))}){DIGITS}")
    project = f"projects/{connection.options.project}"
    pages = await connection.subscriber.list_subscriptions(project=project, timeout=REQUEST_SECONDS, retry=None)
    return [each async for each in pages if named.fullmatch(short(each.name)) and book.find(short(each.topic))]
