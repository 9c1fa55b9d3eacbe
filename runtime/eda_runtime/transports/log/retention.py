"""Deletes what nobody will read again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from eda_runtime.transports.log import statements as sql
from eda_runtime.transports.log.database import Database, Row, Value
from eda_runtime.transports.log.messages import microseconds

__all__ = ["purge"]

EVERYTHING = 2**62
PORTION = 1000
"""Messages deleted in one transaction, so that nobody waits long for it."""


async def purge(database: Database, older_than: timedelta | None, *, unread: bool) -> int:
    """Delete messages older than their channel's retention, or than `older_than`; returns how many.

    A message that a group has not acknowledged stays, unless `unread` is set.
    """
    deleted = 0
    for channel, _, _, retention in await read(database, sql.CHANNELS):
        age = retention if older_than is None else microseconds(older_than)
        for partition, slowest in await read(database, sql.READ_PASSED, channel):
            last = EVERYTHING if unread or slowest is None else slowest
            deleted += await purge_partition(database, partition, last, age)
    return deleted


async def read(database: Database, statement: str, *values: Value) -> Sequence[Row]:
    async with database.reading() as connection:
        return await connection.fetch(statement, *values)


async def purge_partition(database: Database, partition: int, last: int, age: int) -> int:
    deleted = 0
    while True:
        async with database.writing() as connection:
            expired = await connection.fetch(sql.EXPIRED, partition, last, age, PORTION)
            if expired:
                await connection.execute(sql.DELETE_UP_TO, partition, expired[-1][0])
                await connection.execute(sql.SKIP_DELETED, partition, expired[-1][0])
        deleted += len(expired)
        if len(expired) < PORTION:
            return deleted
