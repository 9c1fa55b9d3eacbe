"""A connection to NATS that outlives cuts and restarts, and the requests of JetStream's interface."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error, NoRespondersError
from nats.errors import TimeoutError as NoAnswerError

from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.transports.nats.options import NatsOptions
from eda_runtime.transports.nats.tolerance import TolerantClient

__all__ = ["REQUEST_SECONDS", "Connection", "RefusedError"]

CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 5.0
NO_TIMEOUT: Any = None
"""With one of its own, a request of the client swallows a cancellation that comes with the answer, on Python 3.11."""
CLOSE_SECONDS = 1
RECONNECT_PAUSE = 1
OLDEST = (2, 14)
DENIED = re.compile('permissions violation for publish to "([^"]+)"', re.IGNORECASE)
DEAF = "permissions violation for subscription"
NOT_FOUND = 404
log = logging.getLogger(__name__)


class RefusedError(TransportError):
    """JetStream answered with an error. `missing` says that what was asked for is not there."""

    def __init__(self, doing: str, error: Mapping[str, Any]) -> None:
        super().__init__(f"NATS: {doing}: {error.get('description', 'refused')}")
        self.number = int(error.get("err_code", 0))
        self.missing = error.get("code") == NOT_FOUND


@contextmanager
def broker_errors(doing: str) -> Iterator[None]:
    """What the client raises, in our words."""
    try:
        yield
    except NoRespondersError as error:
        raise TransportError(f"NATS: {doing}: nobody answers; is JetStream on, and the stream there?") from error
    except (NoAnswerError, TimeoutError) as error:
        raise TransportError(f"NATS: {doing}: no answer in time") from error
    except (Error, OSError) as error:
        raise TransportError(f"NATS: {doing}: {error}") from error


class Connection:
    """`generation` counts the connections: what was asked for on an earlier one may never come."""

    def __init__(self, options: NatsOptions) -> None:
        self.options = options
        self.generation = 0
        self._client: Client = TolerantClient()
        self._connecting = asyncio.Lock()
        self._last_error: Exception | None = None
        self._refused = asyncio.Event()
        self._closed = False
        self._denied: dict[str, Client] = {}
        self._deaf: Client | None = None

    @property
    def max_payload(self) -> int:
        """Bytes of the largest message, with its headers, that the server takes."""
        return self._client.max_payload

    async def open(self) -> None:
        """Raises `ConfigurationError` where the server refuses us, and `TransportError` where it is not to be reached."""
        async with self._connecting:
            if self._client.is_connected or self._client.is_reconnecting:
                return
            self._client, self._last_error = TolerantClient(), None
            self._refused.clear()
            await self._connect(self._client)
            self.generation += 1
        version = self._client.connected_server_version
        if (version.major, version.minor) < OLDEST:
            raise ConfigurationError(f"NATS at {self.options.shown} is {version}: 2.14 or later is needed")

    async def close(self) -> None:
        self._closed = True
        with suppress(Error, OSError, TimeoutError):
            if self._client.is_connected:
                await self._client.flush(CLOSE_SECONDS)
            await self._client.close()

    async def ask(self, call: str, request: Mapping[str, object] | None = None) -> Mapping[str, Any]:
        """Call JetStream's interface. Raises `RefusedError` where it answers with an error."""
        body = b"" if request is None else json.dumps(request).encode()
        answer = await self.request(f"$JS.API.{call}", body, {})
        told: Mapping[str, Any] = json.loads(answer.data)
        if error := told.get("error"):
            raise RefusedError(call, error)
        return told

    async def request(self, subject: str, body: bytes, headers: Mapping[str, str]) -> Msg:
        """Send, and wait for the answer. Nothing is sent where there is no connection: it would arrive much later."""
        client = await self._connected(subject)
        try:
            with broker_errors(subject):
                async with asyncio.timeout(REQUEST_SECONDS):
                    return await client.request(subject, body, NO_TIMEOUT, headers=dict(headers) or None)
        except TransportError as error:
            if self._denied.get(subject.lower()) is client:
                raise TransportError(f"NATS: we may not publish to {subject}") from error
            if self._deaf is client:
                told = f"NATS: {subject}: we may not subscribe to {self.options.inbox_prefix}.>, where answers come"
                raise TransportError(told) from error
            raise

    async def store(self, subject: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Have a stream keep a message; returns once it has. Raises `RefusedError` where it will not."""
        answer = await self.request(subject, body, headers)
        told: Mapping[str, Any] = json.loads(answer.data)
        if error := told.get("error"):
            raise RefusedError(subject, error)

    async def send(self, subject: str, body: bytes, reply: str = "") -> None:
        client = await self._connected(subject)
        with broker_errors(subject):
            await client.publish(subject, body, reply)

    async def inbox(self, arrived: Callable[[Msg], Awaitable[None]]) -> tuple[str, Subscription]:
        """An address for answers, of which none is dropped; the subscription is to be closed by `silence`."""
        client = await self._connected("subscribing")
        with broker_errors("subscribing"):
            inbox = client.new_inbox()
            return inbox, await client.subscribe(inbox, cb=arrived, pending_msgs_limit=0, pending_bytes_limit=0)

    async def silence(self, subscription: Subscription) -> None:
        with suppress(Error, OSError):
            await subscription.unsubscribe()

    async def _connected(self, doing: str) -> Client:
        if self._client.is_closed and not self._closed:
            await self.open()
        if not self._client.is_connected:
            raise TransportError(f"NATS: {doing}: not connected: {self._last_error or 'connecting again'}")
        return self._client

    async def _connect(self, client: Client) -> None:
        connecting = asyncio.ensure_future(self._dial(client))
        refused = asyncio.ensure_future(self._refused.wait())
        await asyncio.wait({connecting, refused}, timeout=CONNECT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        refused.cancel()
        try:
            if self._refused.is_set():
                raise ConfigurationError(
                    f"NATS at {self.options.shown} refused us: {self._last_error}; check EDA_NATS_USERNAME,"
                    " EDA_NATS_PASSWORD, EDA_NATS_TOKEN, EDA_NATS_CREDENTIALS_FILE, EDA_NATS_TLS and EDA_NATS_CA_FILE"
                )
            if not connecting.done():
                why = self._last_error or "no answer"
                raise TransportError(f"NATS at {self.options.shown} cannot be reached: {why}")
            with broker_errors(f"connecting to {self.options.shown}"):
                await connecting
        except BaseException:
            connecting.cancel()
            await asyncio.gather(connecting, return_exceptions=True)
            with suppress(Exception):
                await client.close()
            raise

    async def _dial(self, client: Client) -> None:
        login = self.options.login
        await client.connect(
            list(self.options.servers),
            name="eda-runtime",
            user=login.user,
            password=login.password,
            token=login.token,
            user_credentials=login.credentials,
            tls=self.options.tls,
            inbox_prefix=self.options.inbox_prefix,
            error_cb=self._failed,
            reconnected_cb=self._reconnected,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_PAUSE,
            ping_interval=max(1, int(self.options.lease.total_seconds() / 3)),
        )

    async def _failed(self, error: Exception) -> None:
        self._last_error = error
        log.info("NATS: %s", error)
        if isinstance(error, ssl.SSLError) or "authorization" in str(error).lower():
            self._refused.set()
        if denied := DENIED.search(str(error)):
            self._denied[denied[1].lower()] = self._client
        if DEAF in str(error).lower():
            self._deaf = self._client

    async def _reconnected(self) -> None:
        self.generation += 1
