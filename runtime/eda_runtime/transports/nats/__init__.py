"""NATS JetStream, through nats-py."""

from __future__ import annotations

from eda_runtime.settings import Settings
from eda_runtime.transports.nats.options import NatsOptions
from eda_runtime.transports.nats.transport import NatsTransport, connect

__all__ = ["NatsOptions", "NatsTransport", "open_transport"]


async def open_transport(url: str, settings: Settings | None = None) -> NatsTransport:
    """Connect to the servers that `url` names; `NatsOptions` says what the environment adds."""
    return await connect(NatsOptions.read(url, settings or Settings(broker_url=url)))
