"""RabbitMQ by AMQP 0-9-1, through aio-pika."""

from __future__ import annotations

from eda_runtime.settings import Settings
from eda_runtime.transports.amqp.options import AmqpOptions
from eda_runtime.transports.amqp.transport import AmqpTransport, connect

__all__ = ["AmqpOptions", "AmqpTransport", "open_transport"]


async def open_transport(url: str, settings: Settings | None = None) -> AmqpTransport:
    """Connect to the server that `url` names; `AmqpOptions` says what the environment adds."""
    return await connect(AmqpOptions.read(url, settings or Settings(broker_url=url)))
