"""What a person may ask of a service's sagas: which there are, what happened to one, try again, give up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from eda_runtime.errors import ConfigurationError
from eda_runtime.saga import rows
from eda_runtime.saga.definition import AnySaga
from eda_runtime.saga.progress import ENDED, Note, Progress
from eda_runtime.stores import Store

__all__ = ["Event", "Line", "abandon", "count", "find", "history", "purge", "retry"]

FIND = """
SELECT id, status, started_at, updated_at, due_at, progress FROM eda_saga
WHERE saga = $1 AND ($2::text IS NULL OR status = $2::text) AND ($3::bigint = 0 OR (progress::jsonb ->> 'problem') IS NOT NULL)
ORDER BY started_at, id LIMIT $4::bigint
"""
COUNT = """
SELECT count(*), count(*) FILTER (WHERE (progress::jsonb ->> 'problem') IS NOT NULL) FROM eda_saga
WHERE saga = $1 AND status NOT IN ('completed', 'failed', 'abandoned')
"""
HISTORY = """
SELECT at, kind, step, message, detail FROM eda_saga_history WHERE saga = $1 AND id = $2 ORDER BY position
"""
PURGE = """
DELETE FROM eda_saga WHERE saga = $1 AND id IN (
    SELECT id FROM eda_saga WHERE saga = $1 AND status IN ('completed', 'failed', 'abandoned')
    AND updated_at < now_ms() - $2::bigint LIMIT 1000)
RETURNING id
"""
PURGE_HISTORY = """
DELETE FROM eda_saga_history WHERE saga = $1 AND at < now_ms() - $2::bigint
    AND id NOT IN (SELECT id FROM eda_saga WHERE saga = $1)
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One instance, as a list shows it. `waiting` are the steps that it waits for."""

    saga: str
    id: str
    status: str
    waiting: tuple[str, ...]
    started_at: datetime
    updated_at: datetime
    due_at: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an instance."""

    at: datetime
    kind: str
    step: str | None
    message: str | None
    detail: str | None


async def find(
    store: Store, sagas: Iterable[AnySaga], *, status: str | None = None, stuck: bool = False, limit: int = 1000
) -> Sequence[Line]:
    """Instances, the oldest first, at most `limit` a saga; with `stuck`, only those with a problem."""
    lines = []
    for saga in sagas:
        for id_, state, started, updated, due, progress in await store.fetch(
            FIND, saga.name, status, int(stuck), limit
        ):
            known = Progress.model_validate_json(progress)
            waiting = tuple(name for name, step in known.steps.items() if step.status in ("running", "compensating"))
            times = (_time(started), _time(updated), _time(due) if due is not None else None)
            lines.append(Line(saga.name, id_, state, waiting, *times, known.problem))
    return lines


async def count(store: Store, saga: AnySaga) -> tuple[int, int]:
    """How many instances are under way, and how many of these have a problem."""
    running, stuck = (await store.fetch(COUNT, saga.name))[0]
    return running, stuck


async def history(store: Store, saga: str, id_: str) -> Sequence[Event]:
    return [Event(_time(at), *rest) for at, *rest in await store.fetch(HISTORY, saga, id_)]


async def retry(store: Store, saga: str, id_: str) -> None:
    """Send at once what an instance waits to send (again). Raises `ConfigurationError` if it has ended."""
    async with store.transaction() as transaction:
        now, known = await rows.load(transaction, saga, [id_])
        instance = _live(saga, id_, known)
        instance.progress.hurry(now)
        await rows.save(transaction, saga, [instance], now)
        await rows.remember(transaction, saga, now, [(id_, Note("resumed"))])


async def abandon(store: Store, saga: str, id_: str, why: str | None = None) -> None:
    """Let an instance be: nothing more is sent, nothing is undone, what still comes is recorded."""
    async with store.transaction() as transaction:
        now, known = await rows.load(transaction, saga, [id_])
        instance = _live(saga, id_, known)
        instance.progress.status = "abandoned"
        await rows.save(transaction, saga, [instance], now)
        await rows.remember(transaction, saga, now, [(id_, Note("abandoned", detail=why))])


async def purge(store: Store, saga: AnySaga) -> int:
    """Forget instances that ended longer ago than `saga.retention`, with their history; returns how many."""
    age, total = int(saga.retention.total_seconds() * 1000), 0
    while True:
        async with store.transaction() as transaction:
            gone = len(await transaction.fetch(PURGE, saga.name, age))
            if not gone:
                await transaction.fetch(PURGE_HISTORY, saga.name, age)
                return total
        total += gone


def _live(saga: str, id_: str, known: dict[str, rows.Instance]) -> rows.Instance:
    if id_ not in known:
        raise ConfigurationError(f"{saga} has no instance {id_}")
    if known[id_].progress.status in ENDED:
        raise ConfigurationError(f"{saga} {id_} has ended: it is {known[id_].progress.status}")
    return known[id_]


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
