"""The channels of a topology, and addresses with parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from eda_runtime.contracts import ChannelContract, Topology

__all__ = ["AddressBook", "all_channels", "normal_address", "pattern"]

Entry_co = TypeVar("Entry_co", covariant=True)

PARAMETER = re.compile(r"\{[^{}]*\}")


def normal_address(address: str) -> str:
    """The address with its parameters unnamed: services may name them differently and mean the same channel."""
    return PARAMETER.sub("{}", address)


class AddressBook(Generic[Entry_co]):
    """Finds what belongs to an address: its own entry, else that of the first template that it matches.

    Made from entries by their `normal_address`.
    """

    def __init__(self, entries: Mapping[str, Entry_co]) -> None:
        self._entries = entries
        self._templates = [(pattern(address), entry) for address, entry in entries.items() if "{}" in address]

    def find(self, address: str) -> Entry_co | None:
        found = self._entries.get(normal_address(address))
        if found is None:
            found = next((entry for template, entry in self._templates if template.fullmatch(address)), None)
        return found


def pattern(template: str) -> re.Pattern[str]:
    """What addresses that a normal one stands for look like."""
    return re.compile("[^{}]+".join(re.escape(part) for part in template.split("{}")))


def all_channels(topology: Topology) -> Iterator[ChannelContract]:
    """Each address once: those of the service, those that it reads, and those of its dead letters."""
    seen: set[str] = set()
    dead = (
        ChannelContract(
            name=f"dead letters of {receive.operation}",
            address=receive.dead_letter.address,
            retention=receive.dead_letter.retention,
            ordered=False,
        )
        for receive in topology.receives
    )
    for channel in (*topology.channels, *(receive.channel for receive in topology.receives), *dead):
        if normal_address(channel.address) not in seen:
            seen.add(normal_address(channel.address))
            yield channel
