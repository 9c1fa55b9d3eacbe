"""A connection to RabbitMQ that is made anew by whoever needs it next.

Not aio-pika's robust one: that subscribes again by itself, and an acknowledgement of what came before the cut then goes to another
message of the new channel, or ends it. Here a channel ends with its connection, and so does what was read on it.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import (
    CONNECTION_EXCEPTIONS,
    AuthenticationError,
    ChannelNotFoundEntity,
    InvalidFrameError,
    ProbableAuthenticationError,
)
from aiormq.exceptions import ConnectionNotAllowed

from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.transports.amqp.layout import partition_exchange
from eda_runtime.transports.amqp.options import AmqpOptions
from eda_runtime.transports.amqp.tolerance import TolerantConnection

__all__ = ["REQUEST_SECONDS", "Connection", "broker_errors", "discard"]

CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 10.0
RETRY_PAUSE = 0.25
CLOSE_SECONDS = 2.0
REFUSED = (AuthenticationError, ProbableAuthenticationError, ConnectionNotAllowed, InvalidFrameError)
"""The client takes the goodbye of a server that does not open a virtual host for an invalid frame."""
log = logging.getLogger(__name__)


@contextmanager
def broker_errors(doing: str) -> Iterator[None]:
    """What the client raises, in our words. Of a connection that dies it makes a cancellation, which nobody has asked for."""
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise TransportError(f"RabbitMQ: {doing} failed: the connection is lost") from error
    except TimeoutError as error:
        raise TransportError(f"RabbitMQ: {doing}: no answer in time") from error
    except CONNECTION_EXCEPTIONS as error:
        raise TransportError(f"RabbitMQ: {doing} failed: {error}") from error


class Connection:
    def __init__(self, options: AmqpOptions) -> None:
        self.options = options
        self._connecting = asyncio.Lock()
        self._connection: AbstractConnection | None = None
        self._closed = False

    async def open(self) -> AbstractConnection:
        """The connection; a new one if the last is gone. Raises `ConfigurationError` where the server refuses us, and
        `TransportError` where it is not to be reached."""
        async with self._connecting:
            if self._closed:
                raise TransportError("RabbitMQ: the transport is closed")
            if self._connection is None or is_lost(self._connection):
                self._connection = await self._connect()
            return self._connection

    async def channel(self, prefetch: int = 0, *, confirms: bool = False) -> AbstractChannel:
        """A new channel. One that `confirms` raises for messages that no queue takes."""
        connection = await self.open()
        with broker_errors("opening a channel"):
            async with asyncio.timeout(REQUEST_SECONDS):
                channel = connection.channel(publisher_confirms=confirms, on_return_raises=confirms)
                await channel.initialize()
                if prefetch:
                    await channel.set_qos(prefetch_count=prefetch)
                return channel

    @asynccontextmanager
    async def asking(self, doing: str) -> AsyncIterator[AbstractChannel]:
        """A channel for a few questions. The server closes it where an answer is no."""
        channel = await self.channel()
        try:
            with broker_errors(doing):
                async with asyncio.timeout(REQUEST_SECONDS):
                    yield channel
        finally:
            await discard(channel)

    async def has_exchange(self, name: str) -> bool:
        return await self._has(name, "exchange") is not None

    async def ready_in(self, queue: str) -> int | None:
        """How many messages of a queue nobody has been given yet; `None` where there is no such queue."""
        return await self._has(queue, "queue")

    async def partitions_of(self, address: str) -> int:
        """How many partitions an address has: as many as have an exchange, without a gap."""
        number = 0
        async with self.asking(f"looking for the partitions of {address}") as channel:
            with suppress(ChannelNotFoundEntity):
                while True:
                    await channel.get_exchange(partition_exchange(address, number))
                    number += 1
        return number

    async def close(self) -> None:
        self._closed = True
        if self._connection is not None:
            with suppress(TransportError), broker_errors("closing"):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._connection.close()

    async def _has(self, name: str, kind: str) -> int | None:
        async with self.asking(f"looking for {kind} {name}") as channel:
            try:
                if kind == "exchange":
                    await channel.get_exchange(name)
                    return 0
                queue = await channel.get_queue(name)
                return queue.declaration_result.message_count or 0
            except ChannelNotFoundEntity:
                return None

    async def _connect(self) -> AbstractConnection:
        """Try each server in turn until there is an answer, a refusal, or no time left."""
        reason: object = "no answer"
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                while True:
                    for host, port in self.options.hosts:
                        try:
                            with broker_errors(f"connecting to {host}:{port}"):
                                return await self._connect_to(host, port)
                        except TransportError as error:
                            reason = error.__cause__
                            self._raise_if_refused(reason)
                    await asyncio.sleep(RETRY_PAUSE)
        except TimeoutError as error:
            raise TransportError(f"RabbitMQ at {self.options.servers} cannot be reached: {reason}") from error

    async def _connect_to(self, host: str, port: int) -> AbstractConnection:
        """The client logs what it cannot reach, each time; so first see whether there is anybody."""
        _, probe = await asyncio.open_connection(host, port)
        probe.close()
        options = self.options
        return await aio_pika.connect(
            connection_class=TolerantConnection,
            host=host,
            port=port,
            login=options.username,
            password=options.password,
            virtualhost=options.vhost,
            ssl=options.tls is not None,
            ssl_context=options.tls,
            heartbeat=options.heartbeat,
            client_properties={"connection_name": "eda-runtime"},
        )

    def _raise_if_refused(self, error: BaseException | None) -> None:
        where = f"RabbitMQ at {self.options.servers}"
        if isinstance(error, REFUSED):
            reason = "it says goodbye" if isinstance(error, InvalidFrameError) else error
            raise ConfigurationError(
                f"{where} refused us: {reason}; check EDA_AMQP_USERNAME, EDA_AMQP_PASSWORD,"
                f" and that they may use the virtual host {self.options.vhost!r}"
            ) from error
        if isinstance(error, ssl.SSLError) or (error and isinstance(error.__cause__, ssl.SSLError)):
            raise ConfigurationError(
                f"{where}: TLS failed: {error}; check EDA_AMQP_CA_FILE, EDA_AMQP_CERTIFICATE_FILE and EDA_AMQP_KEY_FILE"
            ) from error


def is_lost(connection: AbstractConnection) -> bool:
    """The connection itself only tells whether we have closed it."""
    return connection.is_closed or connection.transport is None or connection.transport.connection.is_closed


async def discard(channel: AbstractChannel) -> None:
    """Close a channel, whatever has become of it. Never cancelled: the client would then close it a second time, for which
    the server ends the whole connection."""
    closing = asyncio.ensure_future(channel.close())
    closing.add_done_callback(lambda done: done.cancelled() or done.exception())
    await asyncio.wait({closing}, timeout=CLOSE_SECONDS)
