"""The inbox: which messages a consumer has taken over already."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from eda_runtime.consumer.message import Message
from eda_runtime.stores import Store, Transaction

__all__ = ["claim", "purge"]

CLAIM = """
INSERT INTO eda_inbox (consumer, dedupe, claimed_at) SELECT $1::text, value, now_ms() FROM each($2) WHERE true
ON CONFLICT DO NOTHING RETURNING dedupe
"""
PURGE = """
DELETE FROM eda_inbox WHERE consumer = $1 AND dedupe IN (
    SELECT dedupe FROM eda_inbox WHERE consumer = $1 AND claimed_at < now_ms() - $2::bigint
    ORDER BY claimed_at LIMIT $3::bigint)
RETURNING 1
"""
PURGE_BATCH = 1000


async def claim(transaction: Transaction, consumer: str, messages: Sequence[Message]) -> Sequence[Message]:
    """Take over `messages`, but for those taken over before or twice in here; returns the others, in order.

    The keys go in sorted, so that two workers with the same messages wait for one another and never in a ring.
    """
    first = {message.dedupe: message for message in reversed(messages)}
    claimed = {row[0] for row in await transaction.fetch(CLAIM, consumer, json.dumps(sorted(first)))}
    return [message for message in messages if message.dedupe in claimed and first[message.dedupe] is message]


async def purge(store: Store, consumer: str, window: timedelta) -> int:
    """Forget what is older than `window`, in small batches, each a transaction of its own; returns how many."""
    total = 0
    while True:
        async with store.transaction() as transaction:
            gone = len(await transaction.fetch(PURGE, consumer, _milliseconds(window), PURGE_BATCH))
        total += gone
        if gone < PURGE_BATCH:
            return total


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
