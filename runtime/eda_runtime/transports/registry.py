"""Finds the transport for a URL by its scheme."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.metadata import entry_points
from typing import TypeAlias

from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import Settings
from eda_runtime.transports import Transport

__all__ = ["TransportOpener", "open_transport"]

GROUP = "eda_runtime.transports"

TransportOpener: TypeAlias = Callable[[str, Settings], Awaitable[Transport]]
"""What an entry point of the group `eda_runtime.transports` names; its own name is the URL
scheme, and the extra in its brackets is what it needs."""


async def open_transport(url: str, settings: Settings | None = None) -> Transport:
    """Connect to the broker that `url` names. Raises `ConfigurationError` where no transport has its scheme, or an extra
    is not installed, and `TransportError` where the broker cannot be reached."""
    opener = find_opener(url.partition(":")[0].partition("+")[0].lower())
    return await opener(url, settings or Settings(database_url=url, broker_url=url))


def find_opener(scheme: str) -> TransportOpener:
    found = entry_points(group=GROUP)
    if scheme not in found.names:
        raise ConfigurationError(
            f"no transport for {scheme}:// is installed; there are {', '.join(sorted(found.names))}"
        )
    entry = found[scheme]
    try:
        opener: TransportOpener = entry.load()
    except ModuleNotFoundError as error:
        package = f"eda-runtime[{','.join(entry.extras)}]" if entry.extras else error.name
        raise ConfigurationError(f"{scheme}:// needs {error.name}: pip install '{package}'") from error
    return opener
