"""The simple queue: an append-only log in SQL, read by groups that each keep a cursor a partition."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import uuid4

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.errors import ConfigurationError, PublishError, TransportError
from eda_runtime.tasks import end
from eda_runtime.transports import Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange
from eda_runtime.transports.addresses import AddressBook, normal_address
from eda_runtime.transports.log import retention
from eda_runtime.transports.log import statements as sql
from eda_runtime.transports.log.append import Placed, Repartitioned, append
from eda_runtime.transports.log.channels import Channel, read_channels
from eda_runtime.transports.log.database import Connection, Database
from eda_runtime.transports.log.leases import Holder
from eda_runtime.transports.log.messages import microseconds
from eda_runtime.transports.log.provision import provision
from eda_runtime.transports.log.receiver import GroupReceiver
from eda_runtime.transports.log.replay import open_replay
from eda_runtime.transports.partitions import partition_number

__all__ = ["LogTransport"]

FEATURES = Features(max_body=16_000_000)
RECONNECT_PAUSE = 1.0


class LogTransport:
    """A connection to the log in one database. `lease` is how long a dead worker's partitions wait for another."""

    def __init__(self, database: Database, lease: timedelta) -> None:
        self._database = database
        self._lease = lease
        self._channels: AddressBook[Channel] = AddressBook({})
        self._receivers: list[GroupReceiver] = []
        self._watching: asyncio.Task[None] | None = None

    @property
    def features(self) -> Features:
        return FEATURES

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """One transaction for all. What cannot be sent is named in the `PublishError`, and does not stop the others."""
        try:
            await self._know({message.address for message in messages})
            reasons = [self._refusal(message) for message in messages]
            await self._append([message for message, reason in zip(messages, reasons, strict=True) if reason is None])
        except TransportError as error:
            raise PublishError(str(error), messages) from error
        refused = [message for message, reason in zip(messages, reasons, strict=True) if reason]
        if refused:
            raise PublishError("; ".join(sorted({reason for reason in reasons if reason})), refused)

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        await self._know({policy.channel.address})
        channel = self._channels.find(policy.channel.address)
        if channel is None:
            raise ConfigurationError(f"channel {policy.channel.address} does not exist: run `eda provision` first")
        if replay:
            return await open_replay(self._database, channel, replay)
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch(), name="eda-log-watch")
        worker = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex}"
        receiver = GroupReceiver(self._database, Holder(channel, policy.group, worker, microseconds(self._lease)))
        self._receivers = [*(each for each in self._receivers if not each.closed), receiver]
        await receiver.join()
        return receiver

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        steps = await provision(self._database, topology, dry_run=dry_run)
        await self._learn()
        return steps

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        if not await self._database.has_schema():
            return [Lag(receive.channel.address, receive.group, 0, timedelta()) for receive in topology.receives]
        async with self._database.reading() as connection:
            return [await lag_of(connection, receive) for receive in topology.receives]

    async def purge(self, older_than: timedelta | None = None, *, unread: bool = False) -> int:
        """Delete messages past their channel's retention, or older than `older_than`; returns how many.

        What some group has not acknowledged stays, however old, unless `unread` is set.
        """
        if not await self._database.has_schema():
            return 0
        return await retention.purge(self._database, older_than, unread=unread)

    async def close(self) -> None:
        for receiver in self._receivers:
            await receiver.close()
        if self._watching:
            await end(self._watching)
        await self._database.close()

    def _refusal(self, message: Outgoing) -> str | None:
        """Why a message cannot be sent, if so."""
        if self._channels.find(message.address) is None:
            return f"channel {message.address} does not exist: run `eda provision` first"
        if "\0" in message.address:
            return "an address holds a NUL character"
        if len(message.envelope.data) > FEATURES.max_body:
            return f"a body of {len(message.envelope.data)} bytes is larger than {FEATURES.max_body}"
        return None

    async def _append(self, messages: Sequence[Outgoing]) -> None:
        while messages:
            try:
                async with self._database.writing(announce=True) as connection:
                    return await append(connection, self._placed(messages))
            except Repartitioned:
                await self._learn()

    def _placed(self, messages: Sequence[Outgoing]) -> dict[int, Placed]:
        """The messages of each partition, in order. Those without a key spread by their id."""
        placed: dict[int, Placed] = {}
        for message in messages:
            channel = self._channels.find(message.address)
            if channel:
                key = message.envelope.partitionkey or message.envelope.id
                partition = channel.partitions[partition_number(key, len(channel.partitions))]
                placed.setdefault(partition, Placed(len(channel.partitions))).messages.append(message)
        return placed

    async def _know(self, addresses: Collection[str]) -> None:
        if any(self._channels.find(address) is None for address in addresses):
            await self._learn()

    async def _learn(self) -> None:
        """Read the channels anew."""
        if not await self._database.has_schema():
            return
        async with self._database.reading() as connection:
            self._channels = await read_channels(connection)

    async def _watch(self) -> None:
        while True:
            try:
                await self._database.watch()
            except TransportError as error:
                logging.getLogger(__name__).warning("not told of new messages, looking for them instead: %s", error)
            await asyncio.sleep(RECONNECT_PAUSE)


async def lag_of(connection: Connection, receive: ReceivePolicy) -> Lag:
    rows = await connection.fetch(sql.LAG, normal_address(receive.channel.address), receive.group)
    age = max((row[1] or 0 for row in rows), default=0)
    return Lag(receive.channel.address, receive.group, sum(row[0] for row in rows), timedelta(microseconds=age))
