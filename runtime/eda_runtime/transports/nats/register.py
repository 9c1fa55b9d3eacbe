"""The ledger of a group's partitions, in a key-value bucket of JetStream."""

from __future__ import annotations

import base64

from eda_runtime.errors import TransportError
from eda_runtime.transports.nats.connection import Connection, RefusedError
from eda_runtime.transports.nats.names import ledger_stream

__all__ = ["BucketRegister"]

EXPECTED = "Nats-Expected-Last-Subject-Sequence"
WRONG_SEQUENCE = (10071, 10164)
NO_MESSAGE = 10037


class BucketRegister:
    """One key of the bucket: `nats kv get <group>_leases <stream>` shows it."""

    def __init__(self, connection: Connection, group: str, stream: str) -> None:
        self._connection = connection
        self._bucket = ledger_stream(group)
        self._subject = f"$KV.{self._bucket.removeprefix('KV_')}.{stream}"

    async def read(self) -> tuple[bytes, int]:
        try:
            told = await self._connection.ask(f"STREAM.MSG.GET.{self._bucket}", {"last_by_subj": self._subject})
        except RefusedError as error:
            if error.number == NO_MESSAGE:
                return b"", 0
            bucket = self._bucket.removeprefix("KV_")
            raise TransportError(f"{error}; is there a bucket {bucket}? `eda provision` creates it") from error
        return base64.b64decode(told["message"].get("data", "")), int(told["message"]["seq"])

    async def write(self, document: bytes, revision: int) -> bool:
        try:
            await self._connection.store(self._subject, document, {EXPECTED: str(revision)})
        except RefusedError as error:
            if error.number in WRONG_SEQUENCE:
                return False
            raise
        return True
