"""Finds the transport for a broker's URL among the entry points `eda_runtime.transports`."""

from __future__ import annotations

import inspect
from importlib.metadata import entry_points
from typing import cast

from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import redacted
from eda_runtime.transports import Transport

__all__ = ["open_broker"]

GROUP = "eda_runtime.transports"


async def open_broker(url: str) -> Transport:
    """Connect to the broker at `url`. Raises `ConfigurationError` if no installed transport knows its scheme."""
    scheme = url.partition("://")[0].partition("+")[0]
    found = tuple(entry_points(group=GROUP, name=scheme))
    if not found:
        known = ", ".join(sorted(f"{point.name}://" for point in entry_points(group=GROUP)))
        raise ConfigurationError(f"no transport knows {redacted(url)}: EDA_BROKER_URL starts with one of {known}")
    try:
        opener = found[0].load()
    except ModuleNotFoundError as missing:
        raise ConfigurationError(f"{scheme}:// needs `pip install eda-runtime[{scheme}]` ({missing})") from missing
    transport = opener(url)
    return cast(Transport, await transport if inspect.isawaitable(transport) else transport)
