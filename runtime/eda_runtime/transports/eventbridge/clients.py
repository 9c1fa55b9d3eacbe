"""The clients of AWS's services, and what they raise in our words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import TYPE_CHECKING

from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
)

from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.transports.eventbridge.options import EventBridgeOptions

if TYPE_CHECKING:
    from types_aiobotocore_events.client import EventBridgeClient
    from types_aiobotocore_sqs.client import SQSClient

__all__ = ["Clients", "aws_errors", "code_of", "is_denied", "is_missing"]

CONNECT_SECONDS = 10.0
MISSING = frozenset(("ResourceNotFoundException", "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"))
DENIED = frozenset(("AccessDenied", "AccessDeniedException"))
REFUSED = frozenset(
    (
        *("UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch"),
        *("ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "MissingAuthenticationToken"),
        *("InvalidAccessKeyId", "AuthFailure"),
    )
)
NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    TokenRetrievalError,
    ProfileNotFound,
)
CONFIG = AioConfig(
    connect_timeout=3,
    read_timeout=5,
    retries={"total_max_attempts": 2, "mode": "standard"},
    max_pool_connections=64,
)


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def is_missing(error: ClientError) -> bool:
    return code_of(error) in MISSING


def is_denied(error: ClientError) -> bool:
    return code_of(error) in DENIED


@contextmanager
def aws_errors(doing: str) -> Iterator[None]:
    """Raises `ConfigurationError` where a person must change something, `TransportError` where time may."""
    try:
        yield
    except NO_CREDENTIALS as error:
        raise ConfigurationError(
            f"AWS: no usable credentials ({error}): set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,"
            " or run where a role gives them"
        ) from error
    except ClientError as error:
        if code_of(error) in REFUSED:
            raise ConfigurationError(
                f"AWS refused our credentials ({code_of(error)}): check AWS_PROFILE, AWS_ACCESS_KEY_ID,"
                " AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and whether the account uses this region"
            ) from error
        raise TransportError(f"AWS: {doing} failed: {error}") from error
    except (BotoCoreError, OSError, TimeoutError) as error:
        raise TransportError(f"AWS: {doing} failed: {error}") from error


class Clients:
    """One client a service, for as long as the transport is open."""

    def __init__(self, options: EventBridgeOptions, events: EventBridgeClient, sqs: SQSClient, open_: AsyncExitStack):
        self.options = options
        self.events = events
        self.sqs = sqs
        self._open = open_

    @classmethod
    async def connect(cls, options: EventBridgeOptions) -> Clients:
        """Raises `ConfigurationError` where AWS refuses us, and `TransportError` where it cannot be reached."""
        session = get_session()
        async with AsyncExitStack() as opening:
            with aws_errors("setting up the clients"):
                where, endpoint = options.region, options.endpoint
                events = await opening.enter_async_context(
                    session.create_client("events", region_name=where, endpoint_url=endpoint, config=CONFIG)
                )
                sqs = await opening.enter_async_context(
                    session.create_client("sqs", region_name=where, endpoint_url=endpoint, config=CONFIG)
                )
            clients = cls(options, events, sqs, opening.pop_all())
        try:
            await clients._try()
        except BaseException:
            await clients.close()
            raise
        return clients

    async def close(self) -> None:
        await self._open.aclose()

    async def _try(self) -> None:
        """Any answer but a refusal of who we are will do: rights may be no more than to send and to receive."""
        with aws_errors("connecting"):
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await self.events.list_event_buses(Limit=1)
            except ClientError as error:
                if not is_denied(error):
                    raise
            except (EndpointConnectionError, TimeoutError) as error:
                raise TransportError(
                    f"EventBridge in {self.options.place} cannot be reached: is the region right? ({error})"
                ) from error
