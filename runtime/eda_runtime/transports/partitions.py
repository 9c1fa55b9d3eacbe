"""The partition that a key belongs to, and the partitions that a worker should have."""

from __future__ import annotations

import zlib
from collections.abc import Collection

__all__ = ["partition_number", "quota"]


def partition_number(key: str, partitions: int) -> int:
    """Stable across processes, machines and releases: a key's messages all go to one partition."""
    return zlib.crc32(key.encode(errors="surrogatepass")) % partitions


def quota(worker: str, workers: Collection[str], partitions: int) -> int:
    """How many partitions a worker should hold: all the same, the remainder to the first in order."""
    ranked = sorted({worker, *workers})
    return partitions // len(ranked) + (ranked.index(worker) < partitions % len(ranked))
