"""Sends messages to Pub/Sub."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from google.api_core.exceptions import GoogleAPICallError, NotFound
from google.pubsub_v1.services.publisher import PublisherAsyncClient
from google.pubsub_v1.types import PubsubMessage

from eda_runtime.errors import PublishError
from eda_runtime.transports import Outgoing
from eda_runtime.transports.pubsub.messages import ordering_key, pubsub_message
from eda_runtime.transports.pubsub.names import topic_id, topic_path

__all__ = ["LARGEST_BODY", "Publisher"]

PATIENCE_SECONDS = 30.0
TOGETHER = 32
"""Requests under way at once."""
MOST_MESSAGES = 1000
MOST_BYTES = 9_500_000
"""Of one request; Pub/Sub takes 10 MB."""
LARGEST_BODY = 9_000_000


@dataclass(slots=True)
class Batch:
    """What of a call was not acknowledged, and why."""

    failed: list[Outgoing] = field(default_factory=list)
    reasons: set[str] = field(default_factory=set)

    def add(self, messages: Sequence[Outgoing], reason: str) -> None:
        self.failed += messages
        self.reasons.add(reason)

    def raise_if_any(self) -> None:
        if self.failed:
            raise PublishError("; ".join(sorted(self.reasons)), self.failed)


class Publisher:
    """A request holds messages of one topic and one key, as Pub/Sub demands; a key's next one waits for its answer.

    Nothing is repeated here, so that a call which failed or was cancelled leaves nothing behind: whoever asked sends again.
    """

    def __init__(self, client: PublisherAsyncClient, project: str) -> None:
        self._client = client
        self._project = project
        self._room = asyncio.Semaphore(TOGETHER)

    async def send(self, messages: Sequence[Outgoing]) -> None:
        batch = Batch()
        groups: dict[tuple[str, str], list[Outgoing]] = {}
        for message in messages:
            if len(message.envelope.data) > LARGEST_BODY:
                batch.add([message], f"a body of {len(message.envelope.data)} bytes is larger than {LARGEST_BODY}")
            else:
                groups.setdefault((message.address, ordering_key(message.envelope)), []).append(message)
        async with asyncio.TaskGroup() as tasks:
            for (address, _), group in groups.items():
                tasks.create_task(self._send_in_order(address, group, batch))
        batch.raise_if_any()

    async def _send_in_order(self, address: str, messages: Sequence[Outgoing], batch: Batch) -> None:
        left = list(messages)
        async with self._room:
            for request in requests([pubsub_message(each.envelope) for each in messages]):
                try:
                    await self._client.publish(
                        topic=topic_path(self._project, topic_id(address)),
                        messages=request,
                        timeout=PATIENCE_SECONDS,
                        retry=None,
                    )
                except GoogleAPICallError as error:
                    return batch.add(left, reason(address, error))
                del left[: len(request)]


def requests(messages: Sequence[PubsubMessage]) -> Iterator[list[PubsubMessage]]:
    """The messages in order, in parts of a size that one request may have."""
    part: list[PubsubMessage] = []
    octets = 0
    for message in messages:
        size = PubsubMessage.pb(message).ByteSize()
        if part and (len(part) == MOST_MESSAGES or octets + size > MOST_BYTES):
            yield part
            part, octets = [], 0
        part.append(message)
        octets += size
    if part:
        yield part


def reason(address: str, error: GoogleAPICallError) -> str:
    if isinstance(error, NotFound):
        return f"topic {address} does not exist: run `eda provision` first"
    return f"{address}: {error.message or type(error).__name__}"
