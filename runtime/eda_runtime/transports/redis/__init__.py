"""Redis streams, through redis-py."""

from __future__ import annotations

from eda_runtime.settings import Settings
from eda_runtime.transports.redis.options import RedisOptions
from eda_runtime.transports.redis.transport import RedisTransport, connect

__all__ = ["RedisOptions", "RedisTransport", "open_transport"]


async def open_transport(url: str, settings: Settings | None = None) -> RedisTransport:
    """Connect to the server that `url` names; `RedisOptions` says what the environment adds."""
    return await connect(RedisOptions.read(url, settings or Settings(broker_url=url)))
