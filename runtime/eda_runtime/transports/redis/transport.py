"""Redis streams as a transport."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta

from redis.asyncio import Redis

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.errors import ConfigurationError, PublishError, TransportError
from eda_runtime.transports import Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange
from eda_runtime.transports.addresses import AddressBook
from eda_runtime.transports.partitions import partition_number
from eda_runtime.transports.redis.channels import Channel, read_channels
from eda_runtime.transports.redis.connection import answering, open_client
from eda_runtime.transports.redis.lag import lag_of
from eda_runtime.transports.redis.names import stream_key
from eda_runtime.transports.redis.options import RedisOptions
from eda_runtime.transports.redis.provision import provision
from eda_runtime.transports.redis.publisher import Publisher
from eda_runtime.transports.redis.receiver import GroupReceiver
from eda_runtime.transports.redis.replay import open_replay
from eda_runtime.transports.redis.scripts import TRIM
from eda_runtime.transports.redis.streams import groups_of

__all__ = ["RedisTransport", "connect"]

KNOWN_SECONDS = 30.0
FEATURES = Features(max_body=16_000_000)


async def connect(options: RedisOptions) -> RedisTransport:
    """Raises `ConfigurationError` where the server refuses us, and `TransportError` where it is not to be reached."""
    return RedisTransport(await open_client(options), options)


class RedisTransport:
    """Connections to a server. A partition is a stream; the retention of channels is kept by `purge`."""

    def __init__(self, client: Redis, options: RedisOptions) -> None:
        self._client = client
        self._options = options
        self._publisher = Publisher(options)
        self._channels: AddressBook[Channel] = AddressBook({})
        self._learned_at = 0.0
        self._receivers: list[Receiver] = []

    @property
    def features(self) -> Features:
        return FEATURES

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """One transaction for all. What cannot be sent is named in the `PublishError`, and does not stop the others."""
        try:
            await self._know({message.address for message in messages})
            reasons = [self._refusal(message) for message in messages]
            fine = [message for message, reason in zip(messages, reasons, strict=True) if reason is None]
            await self._publisher.send([(self._stream(message), message) for message in fine])
        except TransportError as error:
            raise PublishError(str(error), messages) from error
        refused = [message for message, reason in zip(messages, reasons, strict=True) if reason]
        if refused:
            raise PublishError("; ".join(sorted({reason for reason in reasons if reason})), refused)

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        channel = await self._expect(policy)
        if replay:
            return await open_replay(self._client, channel, replay)
        receiver = GroupReceiver(self._client, channel, policy.group, self._options.lease.total_seconds())
        self._receivers.append(receiver)
        await receiver.join()
        return receiver

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        steps = await provision(self._client, topology, grow=self._options.grow_partitions, dry_run=dry_run)
        await self._learn()
        return steps

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        await self._learn()
        found = [(receive, self._channels.find(receive.channel.address)) for receive in topology.receives]
        return [
            (
                await lag_of(self._client, channel, receive)
                if channel
                else Lag(receive.channel.address, receive.group, 0, timedelta())
            )
            for receive, channel in found
        ]

    async def purge(self, older_than: timedelta | None = None, *, unread: bool = False) -> int:
        """Delete messages past their channel's retention, or older than `older_than`; returns how many.

        What some group has not acknowledged stays, however old, unless `unread` is set.
        """
        trim, total = self._client.register_script(TRIM), 0
        for channel in (await read_channels(self._client)).values():
            kept = (channel.retention if older_than is None else older_than) // timedelta(milliseconds=1)
            for stream in channel.streams:
                async with answering(f"trimming {stream}"):
                    total += int(await trim([stream], [kept, int(unread)]))
        return total

    async def close(self) -> None:
        await asyncio.gather(*(receiver.close() for receiver in self._receivers))
        await self._publisher.close()
        await self._client.aclose()

    async def _expect(self, policy: ReceivePolicy) -> Channel:
        """Raises `ConfigurationError` unless the channel is there, with all of its partitions, and the group."""
        await self._learn()
        wanted = policy.channel
        channel = self._channels.find(wanted.address)
        if channel is None:
            raise ConfigurationError(f"channel {wanted.address} does not exist: run `eda provision` first")
        if channel.partitions < wanted.partitions:
            raise ConfigurationError(
                f"channel {wanted.address} has {channel.partitions} partitions and the spec says {wanted.partitions}:"
                " add them while nothing is in flight, as keys move (`eda provision` with EDA_REDIS_GROW_PARTITIONS=1)"
            )
        if any([policy.group not in await groups_of(self._client, stream) for stream in channel.streams]):
            raise ConfigurationError(
                f"group {policy.group} does not exist on {wanted.address}: run `eda provision` first"
            )
        return channel

    def _refusal(self, message: Outgoing) -> str | None:
        """Why a message cannot be sent, if so."""
        if self._channels.find(message.address) is None:
            return f"channel {message.address} does not exist: run `eda provision` first"
        if len(message.envelope.data) > FEATURES.max_body:
            return f"a body of {len(message.envelope.data)} bytes is larger than {FEATURES.max_body}"
        return None

    def _stream(self, message: Outgoing) -> str:
        """Messages without a key spread by their id."""
        channel = self._channels.find(message.address)
        assert channel
        key = message.envelope.id if message.envelope.partitionkey is None else message.envelope.partitionkey
        return stream_key(channel.address, partition_number(key, channel.partitions))

    async def _know(self, addresses: set[str]) -> None:
        """Read the channels anew where one is unknown, and now and then, as somebody may add partitions."""
        old = time.monotonic() - self._learned_at > KNOWN_SECONDS
        if old or any(self._channels.find(address) is None for address in addresses):
            await self._learn()

    async def _learn(self) -> None:
        self._channels = AddressBook(await read_channels(self._client))
        self._learned_at = time.monotonic()
