"""Shares the parts of a job among processes: each part has one owner at a time, by the database's clock."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from eda_runtime.stores import Store, Transaction

__all__ = ["Share"]

TAKE = """
INSERT INTO eda_lease (name, owner, token, expires_at)
SELECT value, $2::text, 1, now_ms() + $3::bigint FROM each($1) WHERE true
ON CONFLICT (name) DO UPDATE SET
    token = eda_lease.token + CASE WHEN eda_lease.owner = excluded.owner THEN 0 ELSE 1 END,
    owner = excluded.owner, expires_at = excluded.expires_at
WHERE eda_lease.owner = excluded.owner OR eda_lease.expires_at <= now_ms()
RETURNING name
"""
LIVE = "SELECT name, owner FROM eda_lease WHERE name LIKE $1 AND expires_at > now_ms() ORDER BY name"
DROP = "DELETE FROM eda_lease WHERE owner = $2 AND name IN (SELECT value FROM each($1))"
LEAVE = "DELETE FROM eda_lease WHERE owner = $1"
FORGET = "DELETE FROM eda_lease WHERE name LIKE $1 AND expires_at <= now_ms()"


class Share:
    """One process's share of the `parts` of `job`. Leases are named `job:part`, and members `job/owner`."""

    def __init__(self, store: Store, job: str, parts: int, lease: timedelta) -> None:
        self.owner = uuid4().hex
        self._store = store
        self._job = job
        self._names = [f"{job}:{part}" for part in range(parts)]
        self._lease = int(lease.total_seconds() * 1000)
        self._renew_at = 0.0

    async def renew(self, *, now: bool = False) -> None:
        """Prolong what is held, take what is free and hand over what is too much; only when it is time to."""
        if not now and time.monotonic() < self._renew_at:
            return
        self._renew_at = time.monotonic() + self._lease / 3000
        async with self._store.transaction() as transaction:
            await transaction.fetch(FORGET, f"{self._job}/%")
            await self._take(transaction, [f"{self._job}/{self.owner}"])
            await self._balance(transaction)

    async def release(self) -> None:
        """Give everything back, so that another process need not wait for the leases to run out."""
        async with self._store.transaction() as transaction:
            await transaction.fetch(LEAVE, self.owner)

    async def _balance(self, transaction: Transaction) -> None:
        members = max(1, len(await transaction.fetch(LIVE, f"{self._job}/%")))  # its own lease may be over by now
        owners = {row[0]: row[1] for row in await transaction.fetch(LIVE, f"{self._job}:%")}
        mine = [name for name in self._names if owners.get(name) == self.owner]
        free = [name for name in self._names if name not in owners]
        fair = math.ceil(len(self._names) / members)
        await transaction.fetch(DROP, json.dumps(mine[fair:]), self.owner)
        await self._take(transaction, mine[:fair] + free[: max(0, fair - len(mine))])

    async def _take(self, transaction: Transaction, names: Sequence[str]) -> None:
        await transaction.fetch(TAKE, json.dumps(sorted(names)), self.owner, self._lease)
