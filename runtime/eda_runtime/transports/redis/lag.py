"""How far groups are behind."""

from __future__ import annotations

from datetime import timedelta

from redis.asyncio import Redis

from eda_runtime.contracts import ReceivePolicy
from eda_runtime.transports import Lag
from eda_runtime.transports.redis.channels import Channel
from eda_runtime.transports.redis.connection import answering
from eda_runtime.transports.redis.messages import milliseconds_of
from eda_runtime.transports.redis.streams import entries_between, id_of, state_of

__all__ = ["lag_of"]


async def lag_of(client: Redis, channel: Channel, receive: ReceivePolicy) -> Lag:
    total = 0
    oldest: list[int] = []
    for stream in channel.streams:
        state = await state_of(client, stream, receive.group)
        waiting = await entries_between(client, stream, f"({id_of(state.position)}", "+", 1) if state.left else []
        total += state.left if waiting else 0
        oldest += [milliseconds_of(entry.position) for entry in waiting]
    async with answering("asking for the time"):
        seconds, microseconds = await client.time()
    now = seconds * 1000 + microseconds // 1000
    age = timedelta(milliseconds=max(0, now - min(oldest))) if oldest else timedelta()
    return Lag(receive.channel.address, receive.group, total, age)
