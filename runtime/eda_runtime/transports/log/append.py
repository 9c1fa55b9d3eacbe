"""Appends messages to partitions.

Appending locks the head of a partition until the transaction ends. So positions have no gaps and become visible in their
own order, and a reader cannot pass one whose transaction commits late, as it could with ids from a sequence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eda_runtime.transports import Outgoing
from eda_runtime.transports.log import statements as sql
from eda_runtime.transports.log.database import Connection
from eda_runtime.transports.log.messages import row

__all__ = ["Placed", "Repartitioned", "append"]


@dataclass(frozen=True, slots=True)
class Placed:
    """Messages for one partition, placed under the belief that its channel has `partitions` of them."""

    partitions: int
    messages: list[Outgoing] = field(default_factory=list)


class Repartitioned(Exception):
    """A channel has another number of partitions by now, so keys belong elsewhere."""


async def append(connection: Connection, placed: Mapping[int, Placed]) -> None:
    """Append within the caller's transaction. Locks are taken in one order, so two appends do not block each other."""
    heads: dict[int, int] = {}
    for partition, head, partitions in await connection.fetch(sql.LOCK_HEADS, tuple(placed)):
        if placed[partition].partitions != partitions:
            raise Repartitioned
        heads[partition] = head
    rows = [
        row(message, partition, position)
        for partition, each in placed.items()
        for position, message in enumerate(each.messages, heads[partition] + 1)
    ]
    await connection.execute_many(sql.APPEND, rows)
    ends = [(partition, heads[partition] + len(each.messages)) for partition, each in placed.items()]
    await connection.execute_many(sql.ADVANCE_HEAD, ends)
