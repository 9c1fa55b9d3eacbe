"""Instances of sagas in the database: read and written many at a time, in the transaction of what moves them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from eda_runtime.errors import StoreError
from eda_runtime.saga.definition import SagaState
from eda_runtime.saga.progress import Note, Progress
from eda_runtime.stores import Row, Transaction, tables

__all__ = ["Instance", "find_by_correlation", "load", "load_due", "remember", "save"]

COLUMNS = "id, version, correlationid, started_at, progress, state"
LOAD = f"""
WITH known AS (
    SELECT {COLUMNS} FROM eda_saga WHERE saga = $1 AND id IN (SELECT value FROM each($2)) ORDER BY id FOR UPDATE
)
SELECT now_ms(), known.* FROM each($2) LEFT JOIN known ON known.id = value ORDER BY value
"""  # noqa: S608  made of constants
DUE = f"""
SELECT now_ms(), {COLUMNS} FROM eda_saga WHERE saga = $1 AND due_at <= now_ms()
ORDER BY due_at LIMIT $2::bigint FOR UPDATE SKIP LOCKED
"""  # noqa: S608  made of constants
BY_CORRELATION = """
SELECT correlationid, id FROM eda_saga WHERE saga = $1 AND correlationid IN (SELECT value FROM each($2))
ORDER BY started_at
"""
UPDATE = """
WITH changed AS MATERIALIZED (SELECT value::jsonb AS it FROM each($2))
UPDATE eda_saga SET version = version + 1, status = it ->> 'status', state = it ->> 'state',
    progress = it ->> 'progress', due_at = (it ->> 'due_at')::bigint, updated_at = now_ms()
FROM changed
WHERE saga = $1 AND id = it ->> 'id' AND version = (it ->> 'version')::bigint
RETURNING 1
"""
NEW = ("saga", "id", "version", "status", "state", "progress", "due_at", "correlationid", "started_at", "updated_at")
HISTORY = ("saga", "id", "at", "kind", "step", "message", "detail")


@dataclass(slots=True)
class Instance:
    """One instance of a saga, as read; `version` is 0 for one that is new.

    `state` is text, and `known` the same once it has been read. `notes` are yet to be written.
    """

    id: str
    version: int
    correlationid: str
    started_at: int
    progress: Progress
    state: str
    notes: list[Note] = field(default_factory=list)
    known: SagaState | None = None


async def load(transaction: Transaction, saga: str, ids: Sequence[str]) -> tuple[int, dict[str, Instance]]:
    """The database's time, and those instances of `ids` that there are.

    They are locked in the order of their ids, so that two workers wait for one another and never in a ring.
    """
    rows = await transaction.fetch(LOAD, saga, json.dumps(sorted(set(ids))))
    return int(rows[0][0]), {row[1]: _instance(row[1:]) for row in rows if row[1] is not None}


async def load_due(transaction: Transaction, saga: str, limit: int) -> tuple[int, Sequence[Instance]]:
    """The database's time, and instances whose time has come; those that other workers hold are passed over."""
    rows = await transaction.fetch(DUE, saga, limit)
    return (int(rows[0][0]) if rows else 0), [_instance(row[1:]) for row in rows]


async def find_by_correlation(transaction: Transaction, saga: str, correlations: Sequence[str]) -> dict[str, str]:
    """Ids of instances by correlation id; of several instances, that of the latest."""
    rows = await transaction.fetch(BY_CORRELATION, saga, json.dumps(sorted(set(correlations))))
    return {row[0]: row[1] for row in rows}


async def save(transaction: Transaction, saga: str, instances: Sequence[Instance], now: int) -> None:
    """Write all, each on the condition that its row is as it was read. Raises `StoreError` where one is not."""
    new = [each for each in instances if each.version == 0]
    known = sorted((each for each in instances if each.version), key=lambda each: each.id)
    await transaction.insert(tables.sagas, NEW, [_row(saga, each, now) for each in new]) if new else None
    if known:
        written = await transaction.fetch(UPDATE, saga, json.dumps([_json(each) for each in known]))
        if len(written) < len(known):
            raise StoreError(f"instances of {saga} have changed meanwhile")


async def remember(transaction: Transaction, saga: str, now: int, notes: Sequence[tuple[str, Note]]) -> None:
    """Write history: instances' ids, and what happened to them."""
    rows = [(saga, each, now, note.kind, note.step, note.message, note.detail) for each, note in notes]
    if rows:
        await transaction.insert(tables.saga_history, HISTORY, rows)


def _instance(row: Row) -> Instance:
    id_, version, correlation, started_at, progress, state = row
    return Instance(id_, version, correlation, started_at, Progress.model_validate_json(progress), state)


def _row(saga: str, each: Instance, now: int) -> tuple[str | int | None, ...]:
    progress = each.progress
    written = progress.model_dump_json(exclude_defaults=True)
    return (saga, each.id, 1, progress.status, each.state, written, progress.due_at, each.correlationid, now, now)


def _json(each: Instance) -> str:
    return json.dumps(
        {
            "id": each.id,
            "version": each.version,
            "status": each.progress.status,
            "state": each.state,
            "progress": each.progress.model_dump_json(exclude_defaults=True),
            "due_at": each.progress.due_at,
        }
    )
