"""The order of a key where the broker keeps none: what comes before its turn is held back in the database until it has come.

Numbers come from `eda_runtime.sequences`. Of a key that a consumer has not met, it expects the first of a run. What is missing
for too long is given up: it is lost, or was sent before the consumer was there. Should it come after all, it is handled then.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from eda_runtime.consumer import stored
from eda_runtime.consumer.message import Message, passed_over, read
from eda_runtime.contracts import AnySubscription
from eda_runtime.sequences import Place, stream_of
from eda_runtime.stores import Row, Store, Transaction

__all__ = ["Dealt", "Gap", "deal", "due", "give_up", "is_numbered", "purge", "take_turns"]

REMEMBERED = timedelta(days=30)
"""Longer than producers remember a key: one that is forgotten here begins a new run when it speaks again."""
FIRST = Place(0, 1)
"""What comes next of a key that was not met yet: before all runs, so that the first of any begins one."""
WIDTH = len(str(FIRST))
PURGE_BATCH = 1000

LOCK = f"""
INSERT INTO eda_turn (consumer, stream, next, seen_at) SELECT $1::text, value, '{FIRST}', now_ms() FROM each($2) WHERE true
ON CONFLICT (consumer, stream) DO UPDATE SET seen_at = excluded.seen_at RETURNING stream, next
"""  # noqa: S608  made of constants
MOVE = f"""
UPDATE eda_turn SET next = substr(value, 1, {WIDTH}) FROM each($2)
WHERE consumer = $1 AND stream = substr(value, {WIDTH + 1})
"""  # noqa: S608  made of constants
HOLD = f"""
INSERT INTO eda_held (consumer, stream, sequence, "key", {stored.COLUMNS}, held_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, now_ms()) ON CONFLICT DO NOTHING
"""  # noqa: S608  made of constants
DUE = f"""
SELECT "position", "key", {stored.COLUMNS} FROM eda_held h WHERE h.consumer = $1 AND EXISTS (
    SELECT 1 FROM eda_turn t JOIN eda_held f ON f.consumer = t.consumer AND f.stream = t.stream
    WHERE t.consumer = h.consumer AND t.stream = h.stream AND f.sequence <= t.next)
"""  # noqa: S608  made of constants
DUE_ANYWHERE = f"{DUE} ORDER BY h.stream, h.sequence LIMIT $2::bigint"
DUE_OF = f"""
{DUE} AND h.stream IN (SELECT value FROM each($3)) ORDER BY h.stream, h.sequence LIMIT $2::bigint
"""  # noqa: S608  made of constants
DROP = 'DELETE FROM eda_held WHERE "position" IN (SELECT value::bigint FROM each($1))'
OVERDUE = "SELECT 1 FROM eda_held WHERE consumer = $1 AND held_at <= now_ms() - $2::bigint LIMIT 1"
HELD_OF = "SELECT {} FROM eda_held h WHERE h.consumer = t.consumer AND h.stream = t.stream"
GIVE_UP = f"""
UPDATE eda_turn AS t SET next = ({HELD_OF.format("min(h.sequence)")})
WHERE consumer = $1 AND next < ({HELD_OF.format("min(h.sequence)")}) AND stream IN (
    SELECT t.stream FROM eda_turn t WHERE t.consumer = $1
        AND EXISTS ({HELD_OF.format("1")} AND h.held_at <= now_ms() - $2::bigint) FOR UPDATE SKIP LOCKED)
RETURNING stream, next
"""  # noqa: S608  made of constants
PURGE = f"""
DELETE FROM eda_turn WHERE (consumer, stream) IN (
    SELECT consumer, stream FROM eda_turn t WHERE seen_at < now_ms() - $1::bigint
        AND NOT EXISTS ({HELD_OF.format("1")}) LIMIT $2::bigint)
RETURNING 1
"""  # noqa: S608  made of constants


@dataclass(frozen=True, slots=True)
class Dealt:
    """Messages whose turn it is, in order; those that come too early; and, among the first, those that come too late: a
    later one of their key had its turn already. Most of these are duplicates."""

    ready: Sequence[Message] = ()
    early: Sequence[Message] = ()
    late: Sequence[Message] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """What a consumer no longer waits for: all of a key that has not come before `number`."""

    source: str
    address: str
    key: str
    number: int


def is_numbered(message: Message) -> bool:
    return message.envelope.partitionkey is not None and Place.read(message.envelope.sequence) is not None


def deal(turn: Place, messages: Iterable[Message]) -> tuple[Dealt, Place]:
    """Deal numbered messages of one key by what comes next; returns what comes next then, too."""
    ready, early, late = [], [], []
    for place, message in sorted(((_place(each), each) for each in messages), key=lambda pair: pair[0]):
        begins = place.run > turn.run and place.number == 1
        if place > turn and not begins:
            early.append(message)
            continue
        ready.append(message)
        if place < turn:
            late.append(message)
        turn = max(turn, place.next)
    return Dealt(ready, early, late), turn


async def take_turns(
    transaction: Transaction, subscription: AnySubscription, messages: Sequence[Message], *, with_held: bool
) -> Dealt:
    """Deal a lane's messages, and hold back what is early; `with_held`, what was held back and is no longer joins in.

    The keys are locked until the transaction ends, in sorted order, so that workers wait for one another and never in a ring.
    """
    consumer = subscription.policy.group
    ready = [each for each in messages if not is_numbered(each)]
    streams: defaultdict[str, list[Message]] = defaultdict(list)
    for each in messages:
        if is_numbered(each):
            streams[_stream(each)].append(each)
    if not streams:
        return Dealt(ready)
    locked = await transaction.fetch(LOCK, consumer, json.dumps(sorted(streams)))
    turns = {stream: Place.read(following) or FIRST for stream, following in locked}
    first = await _deal_all(transaction, consumer, turns, streams)
    more = await _held(transaction, subscription, list(turns)) if with_held else {}
    second = await _deal_all(transaction, consumer, turns, more)
    return Dealt((*ready, *first.ready, *second.ready), first.early, (*first.late, *second.late))


async def due(store: Store, subscription: AnySubscription) -> Sequence[Message]:
    """Messages that were held back and need no longer be, with those that follow them: a batch at most."""
    policy = subscription.policy
    return [_restore(subscription, row) for row in await store.fetch(DUE_ANYWHERE, policy.group, policy.batch)]


async def give_up(store: Store, consumer: str, patience: timedelta) -> Sequence[Gap]:
    """Go on with keys of which a message has been held back for longer than `patience`."""
    milliseconds = patience // timedelta(milliseconds=1)
    if not await store.fetch(OVERDUE, consumer, milliseconds):
        return ()
    async with store.transaction() as transaction:
        rows = await transaction.fetch(GIVE_UP, consumer, milliseconds)
    return [_gap(stream, following) for stream, following in rows]


async def purge(store: Store) -> int:
    """Forget the turns of keys that have been silent for long; returns how many."""
    total = 0
    while True:
        async with store.transaction() as transaction:
            gone = len(await transaction.fetch(PURGE, REMEMBERED // timedelta(milliseconds=1), PURGE_BATCH))
        total += gone
        if gone < PURGE_BATCH:
            return total


async def _deal_all(
    transaction: Transaction, consumer: str, turns: dict[str, Place], streams: Mapping[str, Sequence[Message]]
) -> Dealt:
    """Deal messages by stream, and write down what becomes of each; `turns` goes on."""
    found = {stream: deal(turns[stream], each) for stream, each in streams.items()}
    moved = [f"{turn}{stream}" for stream, (_, turn) in found.items() if turn != turns[stream]]
    turns |= {stream: turn for stream, (_, turn) in found.items()}
    if moved:
        await transaction.fetch(MOVE, consumer, json.dumps(moved))
    dealt = Dealt(
        ready=[message for each, _ in found.values() for message in each.ready],
        early=[message for each, _ in found.values() for message in each.early],
        late=[message for each, _ in found.values() for message in each.late],
    )
    if done := [str(message.held) for message in dealt.ready if message.held is not None]:
        await transaction.fetch(DROP, json.dumps(done))
    for message in dealt.early:
        if message.held is None:
            place = (_stream(message), message.envelope.sequence, message.key)
            await transaction.fetch(HOLD, consumer, *place, *stored.columns(message.delivery))
    return dealt


async def _held(
    transaction: Transaction, subscription: AnySubscription, streams: Sequence[str]
) -> Mapping[str, Sequence[Message]]:
    policy = subscription.policy
    found: defaultdict[str, list[Message]] = defaultdict(list)
    for row in await transaction.fetch(DUE_OF, policy.group, policy.batch, json.dumps(streams)):
        message = _restore(subscription, row)
        found[_stream(message)].append(message)
    return found


def _gap(stream: str, following: str) -> Gap:
    source, address, key = json.loads(stream)
    return Gap(source, address, key, int(following.rpartition("-")[2]))


def _restore(subscription: AnySubscription, row: Row) -> Message:
    position, key, *delivery = row
    found = stored.restored(key, delivery)
    assert found.envelope is not None
    return replace(read(subscription, found) or passed_over(found, found.envelope), held=position)


def _stream(message: Message) -> str:
    stream = stream_of(message.envelope, message.delivery.address)
    assert stream is not None
    return stream


def _place(message: Message) -> Place:
    place = Place.read(message.envelope.sequence)
    assert place is not None
    return place
