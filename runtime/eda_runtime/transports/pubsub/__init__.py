"""Google Cloud Pub/Sub, through Google's own clients."""

from __future__ import annotations

from eda_runtime.settings import Settings
from eda_runtime.transports.pubsub.options import PubsubOptions
from eda_runtime.transports.pubsub.transport import PubsubTransport, connect

__all__ = ["PubsubOptions", "PubsubTransport", "open_transport"]


async def open_transport(url: str, settings: Settings | None = None) -> PubsubTransport:
    """Connect to the project that `url` names; `PubsubOptions` says what the environment adds."""
    return await connect(PubsubOptions.read(url, settings or Settings(broker_url=url)))
