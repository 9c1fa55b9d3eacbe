"""Dead letters: messages past trying, kept with their bytes and their story until a person redrives or discards them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from eda_runtime.consumer import parking
from eda_runtime.consumer.message import Message
from eda_runtime.consumer.parking import Failure
from eda_runtime.contracts import ReceivePolicy
from eda_runtime.envelope import Envelope
from eda_runtime.stores import Row, Store
from eda_runtime.text import storable
from eda_runtime.transports import Outgoing
from eda_runtime.unit_of_work import Work

__all__ = ["DeadLetter", "bury", "discard", "find", "purge", "redrive"]

HEADER_LIMIT, HEADERS_LIMIT = 2_000, 16_000
"""Characters of a part of the story, and of all original headers in it."""
COLUMNS = '"position", consumer, "key", address, "partition", origin, attempts, reason, stack, headers, body'
FIND = f"""
SELECT {COLUMNS}, first_failed_at, last_failed_at, (
    SELECT count(*) FROM eda_parked q
    WHERE q.consumer = p.consumer AND q."key" = p."key" AND q."position" > p."position" AND q.dead_at IS NULL)
FROM eda_parked p WHERE dead_at IS NOT NULL AND consumer IN (SELECT value FROM each($1))
ORDER BY "position" LIMIT $2::bigint
"""  # noqa: S608  made of constants
CHOSEN = """
dead_at IS NOT NULL AND consumer IN (SELECT value FROM each($1)) AND "position" IN (SELECT value::bigint FROM each($2))
"""
REDRIVE = (
    f"UPDATE eda_parked SET dead_at = NULL, due_at = now_ms(), attempts = 0 WHERE {CHOSEN} RETURNING 1"  # noqa: S608
)
DISCARD = f'DELETE FROM eda_parked WHERE {CHOSEN} RETURNING consumer, "key"'  # noqa: S608
PURGE = """
DELETE FROM eda_parked WHERE consumer = $1 AND dead_at < now_ms() - $2::bigint RETURNING "key"
"""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A dead letter as a person sees it. `followers` are the messages of its key that wait for it."""

    number: int
    consumer: str
    key: str | None
    address: str
    partition: int
    position: str
    attempts: int
    reason: str
    stack: str | None
    headers: dict[str, str]
    body: bytes
    first_failed_at: datetime
    last_failed_at: datetime
    followers: int


async def bury(work: Work, policy: ReceivePolicy, message: Message, failure: Failure) -> None:
    """Keep `message` as a dead letter, and queue it for the dead letter address of the broker."""
    times = await parking.keep(work.transaction, policy, message, failure, due=None)
    if times is not None:
        work.pending.append(Outgoing(policy.dead_letter.address, _with_story(policy, message, failure, times)))


async def find(store: Store, consumers: Sequence[str], limit: int) -> Sequence[DeadLetter]:
    return [_dead_letter(row) for row in await store.fetch(FIND, json.dumps(list(consumers)), limit)]


async def redrive(store: Store, consumers: Sequence[str], numbers: Sequence[int]) -> int:
    """Let the consumer try these again, from the first attempt on, before what follows them; returns how many.

    A letter that was redriven is none any more, so doing it twice does it once.
    """
    async with store.transaction() as transaction:
        return len(await transaction.fetch(REDRIVE, *_chosen(consumers, numbers)))


async def discard(store: Store, consumers: Sequence[str], numbers: Sequence[int]) -> int:
    """Delete these and let go on what waited behind them; returns how many."""
    async with store.transaction() as transaction:
        gone = await transaction.fetch(DISCARD, *_chosen(consumers, numbers))
        for consumer in {row[0] for row in gone}:
            await parking.promote(transaction, consumer, [row[1] for row in gone if row[0] == consumer])
        return len(gone)


async def purge(store: Store, consumer: str, retention: timedelta) -> int:
    """Delete dead letters older than `retention`; what waited behind them goes on."""
    async with store.transaction() as transaction:
        gone = await transaction.fetch(PURGE, consumer, int(retention.total_seconds() * 1000))
        await parking.promote(transaction, consumer, [row[0] for row in gone])
        return len(gone)


def _chosen(consumers: Sequence[str], numbers: Sequence[int]) -> tuple[str, str]:
    return json.dumps(list(consumers)), json.dumps([str(number) for number in numbers])


def _with_story(policy: ReceivePolicy, message: Message, failure: Failure, times: tuple[int, int]) -> Envelope:
    delivery = message.delivery
    story = {
        "edagroup": policy.group,
        "edareason": failure.reason[:HEADER_LIMIT],
        "edastack": (failure.stack or "")[-HEADER_LIMIT:],
        "edaattempts": str(message.attempt),
        "edafirstfailure": _time(times[0]).isoformat(),
        "edalastfailure": _time(times[1]).isoformat(),
        "edaaddress": storable(delivery.address),
        "edapartition": str(delivery.partition),
        "edaposition": storable(delivery.position),
        "edaheaders": json.dumps(_shortened(delivery.headers)),
    }
    extensions = {**message.envelope.extensions, **{name: value for name, value in story.items() if value}}
    return replace(message.envelope, extensions=extensions)


def _shortened(headers: Mapping[str, str]) -> dict[str, str]:
    """What of the headers fits beside those that the dead letter has itself; the database keeps them all."""
    kept: dict[str, str] = {}
    room = HEADERS_LIMIT
    for name, value in headers.items():
        room -= len(name) + min(len(value), HEADER_LIMIT)
        if room < 0:
            break
        kept[name] = value[:HEADER_LIMIT]
    return kept


def _dead_letter(row: Row) -> DeadLetter:
    number, consumer, key, address, partition, origin, attempts, reason, stack, headers, body, first, last, more = row
    return DeadLetter(
        number=number,
        consumer=consumer,
        key=key,
        address=address,
        partition=partition,
        position=origin,
        attempts=attempts,
        reason=reason,
        stack=stack,
        headers=json.loads(headers),
        body=body,
        first_failed_at=_time(first),
        last_failed_at=_time(last),
        followers=more,
    )


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
