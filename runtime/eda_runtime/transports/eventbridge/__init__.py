"""Amazon EventBridge with SQS, through aiobotocore: a bus an address, and a queue a consumer group, filled by a rule.

Neither keeps the order of a key: see `eda_runtime.sequences`.
"""

from __future__ import annotations

from eda_runtime.settings import Settings
from eda_runtime.transports.eventbridge.options import EventBridgeOptions
from eda_runtime.transports.eventbridge.transport import EventBridgeTransport, connect

__all__ = ["EventBridgeOptions", "EventBridgeTransport", "open_transport"]


async def open_transport(url: str, settings: Settings | None = None) -> EventBridgeTransport:
    """Connect to the region that `url` names; `EventBridgeOptions` says what the environment adds."""
    return await connect(EventBridgeOptions.read(url, settings or Settings(broker_url=url)))
