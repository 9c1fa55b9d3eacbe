"""How far groups are behind."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from eda_runtime.contracts import ReceivePolicy
from eda_runtime.transports import Lag
from eda_runtime.transports.nats.connection import Connection, RefusedError
from eda_runtime.transports.nats.names import consumer_name, stream_name, subject
from eda_runtime.transports.nats.streams import read_consumer, read_stream

__all__ = ["lag_of"]


async def lag_of(connection: Connection, receive: ReceivePolicy) -> Lag:
    """What each partition's consumer has still to deliver, and what it has delivered and not acknowledged."""
    address = receive.channel.address
    stream = await read_stream(connection, stream_name(address))
    numbers = range(stream.partitions(address) if stream else 0)
    found = await asyncio.gather(*(behind(connection, receive, number) for number in numbers))
    oldest = min((appended for _, appended in found if appended is not None), default=None)
    age = timedelta() if oldest is None else max(timedelta(), datetime.now(UTC) - oldest)
    return Lag(address, receive.group, sum(count for count, _ in found), age)


async def behind(connection: Connection, receive: ReceivePolicy, number: int) -> tuple[int, datetime | None]:
    """How many messages of a partition, and since when the oldest of them waits."""
    stream = stream_name(receive.channel.address)
    told = await read_consumer(connection, stream, consumer_name(receive.group, number))
    count = int(told["num_pending"]) + int(told["num_ack_pending"]) if told else 0
    if not told or not count:
        return count, None
    floor = int(told["ack_floor"]["stream_seq"])
    return count, await appended_after(connection, stream, subject(receive.channel.address, number), floor)


async def appended_after(connection: Connection, stream: str, place: str, position: int) -> datetime | None:
    request = {"seq": position + 1, "next_by_subj": place}
    try:
        told: dict[str, Any] = dict(await connection.ask(f"STREAM.MSG.GET.{stream}", request))
    except RefusedError as error:
        if error.missing:
            return None
        raise
    return datetime.fromisoformat(told["message"]["time"])
