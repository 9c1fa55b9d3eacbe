"""The ledger of a group's partitions, in a hash."""

from __future__ import annotations

from redis.asyncio import Redis

from eda_runtime.transports.redis.connection import answering
from eda_runtime.transports.redis.scripts import WRITE_LEDGER

__all__ = ["HashRegister"]


class HashRegister:
    """`HGET <key> document` shows it."""

    def __init__(self, client: Redis, key: str) -> None:
        self._client = client
        self._key = key
        self._write = client.register_script(WRITE_LEDGER)

    async def read(self) -> tuple[bytes, int]:
        async with answering("reading the ledger"):
            document, revision = await self._client.hmget(self._key, ["document", "revision"])
        return document.encode() if isinstance(document, str) else document or b"", int(revision or 0)

    async def write(self, document: bytes, revision: int) -> bool:
        async with answering("writing the ledger"):
            return bool(await self._write([self._key], [document, revision]))
