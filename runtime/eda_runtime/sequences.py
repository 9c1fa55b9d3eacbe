"""Numbers the messages of a key, for brokers that do not keep their order: consumers restore it by the numbers.

A number is drawn before the first attempt at sending and kept in the message's row of the outbox, so that a message has the
same one however often it is sent. It counts what one source sends with one key to one address: what several services send
about one entity has no common order. Numbers begin with 1 in a run. A new run begins where nothing is known of the last one,
because the key was silent for longer than `REMEMBERED` or the database is new; its start comes after that of the last one.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from eda_runtime.envelope import Envelope
from eda_runtime.stores import Store, Transaction
from eda_runtime.text import indexed
from eda_runtime.transports import Outgoing

__all__ = ["Place", "assign", "purge", "stream_of"]

REMEMBERED = timedelta(days=15)
"""Longer than SQS keeps a message: what comes after a silence of this length cannot overtake what came before."""
SEQUENCE = re.compile(r"(\d{13})-(\d{10})")
WIDTH = 24
PURGE_BATCH = 1000

UNNUMBERED = """
SELECT position FROM eda_outbox WHERE position IN (SELECT value::bigint FROM each($1)) AND sequence IS NULL
ORDER BY position FOR UPDATE
"""
DRAW = """
INSERT INTO eda_sequence (stream, run, last, drawn_at)
SELECT substr(value, 11), now_ms(), CAST(substr(value, 1, 10) AS bigint), now_ms() FROM each($1) WHERE true
ON CONFLICT (stream) DO UPDATE SET last = eda_sequence.last + excluded.last, drawn_at = excluded.drawn_at
RETURNING stream, run, last
"""
ASSIGN = f"""
UPDATE eda_outbox SET sequence = substr(value, 1, {WIDTH}) FROM each($1)
WHERE position = CAST(substr(value, {WIDTH + 1}) AS bigint)
"""  # noqa: S608  made of constants
NUMBERED = "SELECT position, sequence FROM eda_outbox WHERE position IN (SELECT value::bigint FROM each($1))"
PURGE = """
DELETE FROM eda_sequence WHERE stream IN (
    SELECT stream FROM eda_sequence WHERE drawn_at < now_ms() - $1::bigint LIMIT $2::bigint)
RETURNING 1
"""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A message's place among those of its key: the run, named by the milliseconds at which it began, and the number.

    Written, it is a CloudEvents `sequence`: text that sorts as places do.
    """

    run: int
    number: int

    @classmethod
    def read(cls, sequence: str | None) -> Place | None:
        """`None` where there is no sequence, or one of somebody else's making, which may mean anything."""
        match = SEQUENCE.fullmatch(sequence or "")
        return cls(int(match[1]), int(match[2])) if match else None

    def __str__(self) -> str:
        return f"{self.run:013}-{self.number:010}"

    @property
    def next(self) -> Place:
        return Place(self.run, self.number + 1)


PART = 700
"""Bytes of each part of a stream: three are the row of an index."""


def stream_of(envelope: Envelope, address: str) -> str | None:
    """What is counted together; `None` for a message without a key, which has no order."""
    if envelope.partitionkey is None:
        return None
    return json.dumps([indexed(part, PART) for part in (envelope.source, address, envelope.partitionkey)])


async def assign(store: Store, messages: Mapping[int, Outgoing]) -> Mapping[int, Outgoing]:
    """The messages, by their position in the outbox, with their numbers; without those that another relay has sent."""
    streams = {position: stream_of(each.envelope, each.address) for position, each in messages.items()}
    if not any(stream and not messages[position].envelope.sequence for position, stream in streams.items()):
        return messages
    positions = json.dumps([str(position) for position in messages])
    async with store.transaction() as transaction:
        found = [row[0] for row in await transaction.fetch(UNNUMBERED, positions)]
        await _draw(transaction, {position: stream for position in found if (stream := streams[position])})
        numbered = dict(await _pairs(transaction, positions))
    return {
        position: replace(each, envelope=replace(each.envelope, sequence=numbered[position]))
        for position, each in messages.items()
        if position in numbered
    }


async def purge(store: Store) -> int:
    """Forget keys that have been silent for long; returns how many."""
    total = 0
    while True:
        async with store.transaction() as transaction:
            gone = len(await transaction.fetch(PURGE, REMEMBERED // timedelta(milliseconds=1), PURGE_BATCH))
        total += gone
        if gone < PURGE_BATCH:
            return total


async def _draw(transaction: Transaction, streams: Mapping[int, str]) -> None:
    """Number rows that have no number yet, which the transaction has locked, in their order."""
    counts = Counter(streams.values())
    asked = [f"{counts[stream]:010}{stream}" for stream in sorted(counts)]
    drawn = await transaction.fetch(DRAW, json.dumps(asked))
    places = {stream: Place(run, last - counts[stream] + 1) for stream, run, last in drawn}
    assigned = []
    for position, stream in streams.items():
        assigned.append(f"{places[stream]}{position}")
        places[stream] = places[stream].next
    await transaction.fetch(ASSIGN, json.dumps(assigned))


async def _pairs(transaction: Transaction, positions: str) -> list[tuple[int, str | None]]:
    return [(row[0], row[1]) for row in await transaction.fetch(NUMBERED, positions)]
