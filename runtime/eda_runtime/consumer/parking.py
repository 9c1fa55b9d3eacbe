"""Messages that wait in the database: failed ones for their next attempt, and later ones of their key behind them.

The first of a key, its head, is the only one that is tried. A dead letter is a head whose attempts are over; where the
policy is `park-key`, its followers wait until a person redrives or discards it.
"""

from __future__ import annotations

import json
import random
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from eda_runtime.consumer import stored
from eda_runtime.consumer.message import Message, Parked, read_parked
from eda_runtime.contracts import AnySubscription, ReceivePolicy, RetryPolicy
from eda_runtime.stores import Row, Store, Transaction, Value
from eda_runtime.text import storable

__all__ = [
    "Chance",
    "Failure",
    "blocked_keys",
    "delay",
    "keep",
    "next_due",
    "promote",
    "put_off",
    "take",
    "take_head",
    "unpark",
]

Chance = Callable[[float, float], float]
"""A number between two others, as `random.uniform` gives it."""
LOOK_AGAIN, SOON = 60_000, 2_000
"""Milliseconds until a follower is looked at again, and for how long its head must not be due before that is done."""
COLUMNS = f'"position", "key", attempts, first_failed_at, {stored.COLUMNS}'
IS_HEAD = """NOT EXISTS (
    SELECT 1 FROM eda_parked q WHERE q.consumer = p.consumer AND q."key" = p."key" AND q."position" < p."position")"""

BLOCKED = """
SELECT DISTINCT "key" FROM eda_parked WHERE consumer = $1 AND "key" IN (SELECT value FROM each($2))
"""
HEAD = f"""
SELECT {COLUMNS} FROM eda_parked p WHERE consumer = $1 AND due_at <= now_ms() AND {IS_HEAD}
ORDER BY due_at, "position" LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608  made of constants
FOLLOWERS = f"""
SELECT {COLUMNS} FROM eda_parked WHERE consumer = $1 AND "key" = $2 AND "position" > $3 AND dead_at IS NULL
ORDER BY "position" LIMIT $4::bigint
"""  # noqa: S608  made of constants
NEXT_DUE = """
SELECT min(due_at) - now_ms() FROM eda_parked WHERE consumer = $1 AND due_at IS NOT NULL
"""
PUT_OFF = f"""
UPDATE eda_parked SET due_at = now_ms() + {LOOK_AGAIN} WHERE "position" IN (
    SELECT "position" FROM eda_parked p WHERE consumer = $1 AND due_at <= now_ms() AND EXISTS (
        SELECT 1 FROM eda_parked q WHERE q.consumer = p.consumer AND q."key" = p."key"
            AND q."position" < p."position" AND (q.due_at IS NULL OR q.due_at > now_ms() + {SOON}))
    LIMIT 2000 FOR UPDATE SKIP LOCKED)
"""  # noqa: S608  made of constants
INSERT = f"""
INSERT INTO eda_parked (consumer, "key", {stored.COLUMNS}, attempts, reason, stack, due_at, dead_at, first_failed_at,
    last_failed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, now_ms() + $13::bigint, now_ms() + $14::bigint,
    now_ms() + $15::bigint, now_ms() + $15::bigint)
RETURNING first_failed_at, last_failed_at
"""  # noqa: S608  made of constants
UPDATE = """
UPDATE eda_parked SET attempts = $2, reason = $3, stack = $4, due_at = now_ms() + $5::bigint,
    dead_at = now_ms() + $6::bigint, first_failed_at = COALESCE(first_failed_at, now_ms()), last_failed_at = now_ms()
WHERE "position" = $1 AND attempts = $2 - 1 RETURNING first_failed_at, last_failed_at
"""
DELETE = 'DELETE FROM eda_parked WHERE "position" IN (SELECT value::bigint FROM each($1))'
PROMOTE = """
UPDATE eda_parked SET due_at = now_ms()
WHERE consumer = $1 AND "key" IN (SELECT value FROM each($2)) AND dead_at IS NULL AND due_at > now_ms()
    AND attempts = 0
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a message was not handled."""

    reason: str
    stack: str | None
    permanent: bool

    @classmethod
    def of(cls, error: Exception, *, permanent: bool) -> Failure:
        stack = "".join(traceback.format_exception(error))
        return cls(storable(f"{type(error).__name__}: {error}"), storable(stack), permanent)


async def blocked_keys(transaction: Transaction, consumer: str, messages: Iterable[Message]) -> set[str]:
    """Those keys of `messages` of which a message waits already."""
    keys = sorted({message.key for message in messages if message.key is not None})
    return {row[0] for row in await transaction.fetch(BLOCKED, consumer, json.dumps(keys))} if keys else set()


async def keep(
    transaction: Transaction, policy: ReceivePolicy, message: Message, failure: Failure | None, due: int | None
) -> tuple[int, int] | None:
    """Let `message` wait: for `due` milliseconds, or as a dead letter if that is `None`.

    Without a `failure` it has not been tried and follows others of its key. Returns the times of its first and last
    failure, or `None` if another worker has tried it meanwhile.
    """
    dead = 0 if due is None else None
    reason, stack = (failure.reason, failure.stack) if failure else (None, None)
    if message.parked:
        values = (message.parked.position, message.attempt, reason, stack, due, dead)
        rows = await transaction.fetch(UPDATE, *values)
    else:
        failed = 0 if failure else None
        attempts = 1 if failure else 0
        rows = await transaction.fetch(INSERT, *_columns(policy, message), attempts, reason, stack, due, dead, failed)
    return (rows[0][0], rows[0][1]) if rows else None


async def take_head(transaction: Transaction, subscription: AnySubscription) -> Message | None:
    """A head whose time has come, locked until the transaction ends; those that other workers hold are passed over."""
    rows = await transaction.fetch(HEAD, subscription.policy.group)
    return _restore(subscription, rows[0]) if rows else None


async def take(transaction: Transaction, subscription: AnySubscription) -> Sequence[Message]:
    """A head whose time has come, locked; with those that follow it, a batch at most, unless it failed before."""
    policy = subscription.policy
    head = await take_head(transaction, subscription)
    if head is None or head.parked is None:
        return []
    if head.parked.attempts or policy.on_failure == "skip":
        return [head]
    rows = await transaction.fetch(FOLLOWERS, policy.group, head.delivery.key, head.parked.position, policy.batch - 1)
    return [head, *(_restore(subscription, row) for row in rows)]


async def unpark(transaction: Transaction, messages: Sequence[Message]) -> None:
    """Remove `messages`, which have been handled."""
    positions = [str(message.parked.position) for message in messages if message.parked]
    await transaction.fetch(DELETE, json.dumps(positions))


async def promote(transaction: Transaction, consumer: str, keys: Iterable[str | None]) -> None:
    """Look at the followers of `keys` at once, for their head is gone."""
    stated = sorted({key for key in keys if key is not None})
    if stated:
        await transaction.fetch(PROMOTE, consumer, json.dumps(stated))


async def next_due(store: Store, consumer: str) -> float | None:
    """Seconds until something is due, at most 0 if something is; `None` if nothing waits."""
    milliseconds = (await store.fetch(NEXT_DUE, consumer))[0][0]
    return None if milliseconds is None else milliseconds / 1000


async def put_off(transaction: Transaction, consumer: str) -> None:
    """Look at followers less often while one before them is not due for a while.

    Where the head is due, or will be before this has committed, another worker may be handling it: its followers must
    be found when it has gone.
    """
    await transaction.fetch(PUT_OFF, consumer)


def delay(policy: RetryPolicy, attempts: int, chance: Chance = random.uniform) -> int:
    """Milliseconds from the failure of the attempt numbered `attempts` to the next one."""
    doubled = policy.initial * 2 ** min(attempts - 1, 40) if policy.backoff == "exponential" else policy.initial
    moved = min(doubled, policy.max) * chance(1 - policy.jitter, 1 + policy.jitter)
    return int(moved.total_seconds() * 1000)


def _columns(policy: ReceivePolicy, message: Message) -> tuple[Value, ...]:
    key = message.key if policy.on_failure == "park-key" else None
    return (policy.group, key, *stored.columns(message.delivery))


def _restore(subscription: AnySubscription, row: Row) -> Message:
    position, key, attempts, failed, *delivery = row
    return read_parked(subscription, stored.restored(key, delivery), Parked(position, attempts, failed))
