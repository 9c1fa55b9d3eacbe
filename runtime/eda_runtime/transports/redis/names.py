"""Keys: one stream a partition, a hash of the channels, and a ledger for each group and address."""

from __future__ import annotations

from eda_runtime.transports.addresses import normal_address

__all__ = ["CHANNELS", "ledger_key", "stream_key"]

CHANNELS = "eda:channels"


def stream_key(address: str, partition: int) -> str:
    return f"eda:stream:{normal_address(address)}:{partition}"


def ledger_key(group: str, address: str) -> str:
    return f"eda:ledger:{group}:{normal_address(address)}"
