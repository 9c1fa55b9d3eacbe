"""What stands behind an address: one topic, or as many as its parameters have values that people made topics for."""

from __future__ import annotations

import re
from collections.abc import Mapping

from google.api_core.exceptions import Forbidden, NotFound

from eda_runtime.contracts import ChannelContract, ReceivePolicy
from eda_runtime.errors import ConfigurationError
from eda_runtime.transports.addresses import AddressBook, normal_address
from eda_runtime.transports.pubsub.connection import REQUEST_SECONDS, Connection, broker_errors
from eda_runtime.transports.pubsub.names import short, subscription_id, subscription_path

__all__ = ["expect", "is_family", "subscriptions_of", "topics_of"]

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
    """The subscriptions of a consumer by their paths, with the address that each reads."""
    project = connection.options.project
    if not is_family(policy.channel):
        return {subscription_path(project, subscription_id(policy)): policy.channel.address}
    book = AddressBook({normal_address(policy.channel.address): True})
    named = re.compile(re.escape(subscription_id(policy)) + DIGITS)
    pages = await connection.subscriber.list_subscriptions(
        project=f"projects/{project}", timeout=REQUEST_SECONDS, retry=None
    )
    return {
        each.name: short(each.topic)
        async for each in pages
        if named.fullmatch(short(each.name)) and book.find(short(each.topic))
    }


async def expect(connection: Connection, policy: ReceivePolicy) -> Mapping[str, str]:
    """The same, there for certain; raises `ConfigurationError` where there is none, or one that keeps no order."""
    name = subscription_id(policy)
    with broker_errors(f"looking for the subscription {name}"):
        found = await subscriptions_of(connection, policy)
        if not found:
            raise ConfigurationError(
                f"no subscription {name} reads {policy.channel.address}: create one for each value"
            )
        for path in found:
            await _expect(connection, path, policy.channel)
    return found


async def _expect(connection: Connection, path: str, channel: ChannelContract) -> None:
    """A service may well not be allowed to look: then to pull will tell."""
    try:
        there = await connection.subscriber.get_subscription(subscription=path, timeout=REQUEST_SECONDS, retry=None)
    except NotFound as error:
        raise ConfigurationError(f"subscription {short(path)} does not exist: run `eda provision` first") from error
    except Forbidden:
        return
    if channel.ordered and not there.enable_message_ordering:
        raise ConfigurationError(
            f"subscription {short(path)} does not keep the order of keys: `eda provision` says more"
        )
