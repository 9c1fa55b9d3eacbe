"""Reading streams, and what their groups have read, in types of our own: what redis-py says of its answers is too wide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from redis.asyncio import Redis

from eda_runtime.transports.redis.connection import MissingError, answering

__all__ = [
    "SHIFT",
    "Entry",
    "Fields",
    "GroupState",
    "entries_after",
    "entries_between",
    "groups_of",
    "id_of",
    "position_of",
    "state_of",
]

SHIFT = 64
Fields: TypeAlias = Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a stream. `position` is its id as one number."""

    position: int
    fields: Fields


@dataclass(frozen=True, slots=True)
class GroupState:
    """How far a group has come in a stream: where it stands, how many messages it has read, and how many are left.

    Messages that retention took away unread count as read.
    """

    position: int
    read: int
    left: int


def position_of(id: bytes | str) -> int:
    """An entry's id, `milliseconds-number`, as one number of the same order."""
    time, _, number = (id.decode() if isinstance(id, bytes) else id).partition("-")
    return (int(time) << SHIFT) + int(number or 0)


def id_of(position: int) -> str:
    return f"{position >> SHIFT}-{position & (1 << SHIFT) - 1}"


async def entries_after(
    client: Redis, starts: Mapping[str, int], count: int, milliseconds: int
) -> Mapping[str, Sequence[Entry]]:
    """At most `count` entries of each stream after a position, by stream; waits so long for the first to come."""
    async with answering("reading"):
        ids: dict[Any, Any] = {stream: id_of(position) for stream, position in starts.items()}
        answer: Any = await client.xread(ids, count=count, block=milliseconds)
    return {stream.decode(): _entries(found) for stream, found in answer or ()}


async def entries_between(
    client: Redis, stream: str, start: str, end: str, count: int, *, last: bool = False
) -> Sequence[Entry]:
    """At most `count` entries from one id to another, both included unless they begin with `(`; the `last` ones first."""
    async with answering(f"reading {stream}"):
        if last:
            return _entries(await client.xrevrange(stream, end, start, count))
        return _entries(await client.xrange(stream, start, end, count))


async def groups_of(client: Redis, stream: str) -> set[str]:
    async with answering(f"asking for the groups of {stream}"):
        if not await client.exists(stream):
            return set()
        found: Any = await client.xinfo_groups(stream)
    return {each["name"].decode() for each in found}


async def state_of(client: Redis, stream: str, group: str) -> GroupState:
    """Raises `MissingError` where there is no such stream or group."""
    async with answering(f"asking for {group} of {stream}"):
        told: Any = await client.xinfo_stream(stream)
        found: Any = await client.xinfo_groups(stream)
    groups = {each["name"].decode(): each for each in found}
    if group not in groups:
        raise MissingError(f"Redis: {stream} has no group {group}: run `eda provision`")
    appended, length = int(told["entries-added"]), int(told["length"])
    read = max(int(groups[group]["entries-read"] or 0), appended - length)
    return GroupState(position_of(groups[group]["last-delivered-id"]), read, appended - read)


def _entries(answer: Any) -> list[Entry]:
    return [Entry(position_of(id), fields) for id, fields in answer or ()]
