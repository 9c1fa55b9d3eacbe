"""The clients of Pub/Sub, and what goes wrong with them in our words.

The clients are the ones that Google generates from the interface, on asyncio. The one written by hand on top of them pulls
by streams, in threads of its own, and calls back. Here a worker *pulls*: of an ordering key, Pub/Sub then gives out one batch
at a time, to one worker, and the next when that is acknowledged. Order so depends on nobody's stream being the only one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import google.auth
import grpc
from google.api_core.exceptions import Forbidden, GoogleAPICallError, NotFound, Unauthenticated
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.pubsub_v1.services.publisher import PublisherAsyncClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcAsyncIOTransport
from google.pubsub_v1.services.subscriber import SubscriberAsyncClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcAsyncIOTransport

from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.transports.pubsub.options import PubsubOptions

__all__ = ["REQUEST_SECONDS", "Connection", "broker_errors"]

CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 10.0
CONNECT_PAUSE = 0.2
SCOPES = ("https://www.googleapis.com/auth/pubsub",)
UNSIGNED = "metadata from plugin"
"""What gRPC says where the credentials could not be turned into a token."""
WHO = "check GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login` again"
LARGEST_METADATA = 1_000_000
"""Octets. Pub/Sub tells there what became of each of up to 1,000 leases; gRPC would drop answers of more than 8,192."""
CHANNEL = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_metadata_size", LARGEST_METADATA),
    ("grpc.absolute_max_metadata_size", LARGEST_METADATA),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2000),
)
KEEPALIVE = (("grpc.keepalive_time_ms", 30_000), ("grpc.keepalive_timeout_ms", 10_000))


@contextmanager
def broker_errors(doing: str) -> Iterator[None]:
    """What the clients raise, in our words."""
    try:
        yield
    except Forbidden as error:
        raise TransportError(
            f"Pub/Sub: {doing}: not allowed: {error.message}; see the roles that Terraform grants"
        ) from error
    except (GoogleAPICallError, GoogleAuthError) as error:
        raise TransportError(f"Pub/Sub: {doing} failed: {error}") from error


class Connection:
    """Publishing and receiving have a channel each: a large batch on its way out holds up no acknowledgement."""

    def __init__(self, options: PubsubOptions, credentials: Credentials | None) -> None:
        self.options = options
        self._channels = [_channel(options, credentials) for _ in range(2)]
        self.publisher = PublisherAsyncClient(transport=PublisherGrpcAsyncIOTransport(channel=self._channels[0]))
        self.subscriber = SubscriberAsyncClient(transport=SubscriberGrpcAsyncIOTransport(channel=self._channels[1]))

    @classmethod
    async def open(cls, options: PubsubOptions) -> Connection:
        """Raises `ConfigurationError` where Pub/Sub refuses us, and `TransportError` where it is not to be reached."""
        credentials = None if options.emulator else await asyncio.to_thread(_credentials)
        connection = cls(options, credentials)
        try:
            await connection._greet()
        except BaseException:
            await connection.close()
            raise
        return connection

    async def close(self) -> None:
        await asyncio.gather(*(channel.close() for channel in self._channels))

    async def _greet(self) -> None:
        """Ask for a topic until there is an answer, a refusal, or no time left."""
        deadline = time.monotonic() + CONNECT_SECONDS
        where = self.options.endpoint
        while True:
            try:
                await self._ask(deadline - time.monotonic())
                return
            except Unauthenticated as error:
                raise ConfigurationError(f"Pub/Sub at {where} refused us: {error.message}; {WHO}") from error
            except NotFound as error:
                raise ConfigurationError(
                    f"Pub/Sub at {where} knows no project {self.options.project}: {error.message}"
                ) from error
            except GoogleAPICallError as error:
                if UNSIGNED in error.message:
                    raise ConfigurationError(f"Google gives us no token: {error.message}; {WHO}") from error
                if time.monotonic() > deadline:
                    raise TransportError(f"Pub/Sub at {where} cannot be reached: {error.message}") from error
            await asyncio.sleep(CONNECT_PAUSE)

    async def _ask(self, seconds: float) -> None:
        """A service may well not be allowed to list topics: to hear so, it has reached Pub/Sub and is known there."""
        request = {"project": f"projects/{self.options.project}", "page_size": 1}
        with suppress(Forbidden):
            await self.publisher.list_topics(request=request, timeout=max(seconds, CONNECT_PAUSE), retry=None)


def _credentials() -> Credentials:
    try:
        found: Credentials = google.auth.default(scopes=SCOPES)[0]
    except (GoogleAuthError, ValueError) as error:
        raise ConfigurationError(
            f"pubsub:// finds no Google credentials: {error}. Run `gcloud auth application-default login`, set"
            " GOOGLE_APPLICATION_CREDENTIALS to a file of them, or name an emulator by PUBSUB_EMULATOR_HOST"
        ) from error
    return found


def _channel(options: PubsubOptions, credentials: Credentials | None) -> grpc.aio.Channel:
    if credentials is None:
        return grpc.aio.insecure_channel(options.endpoint, options=CHANNEL)
    authority = Path(options.ca_file).read_bytes() if options.ca_file else None
    return PublisherGrpcAsyncIOTransport.create_channel(
        options.endpoint,
        credentials=credentials,
        scopes=SCOPES,
        ssl_credentials=grpc.ssl_channel_credentials(authority),
        options=(*CHANNEL, *KEEPALIVE),
    )
