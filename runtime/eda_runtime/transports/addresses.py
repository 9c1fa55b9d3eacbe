"""Addresses with parameters, and the partition that a key belongs to."""

from __future__ import annotations

import re
import zlib

__all__ = ["address_pattern", "normal_address", "partition_number"]

PARAMETER = re.compile(r"\{[^{}]*\}")


def normal_address(address: str) -> str:
    """The address with its parameters unnamed: services may name them differently and mean the same channel."""
    return PARAMETER.sub("{}", address)


def address_pattern(template: str) -> re.Pattern[str]:
    """Matches the addresses that a template stands for."""
    return re.compile("[^{}]+".join(re.escape(part) for part in normal_address(template).split("{}")))


def partition_number(key: str, partitions: int) -> int:
    """Stable across processes, machines and releases: a key's messages all go to one partition."""
    return zlib.crc32(key.encode(errors="surrogatepass")) % partitions
