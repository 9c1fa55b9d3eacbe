"""Sends messages: to the bus of their address, and dead letters to their queue."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError

from eda_runtime.errors import ConfigurationError, PublishError, TransportError
from eda_runtime.transports import Outgoing
from eda_runtime.transports.eventbridge.clients import Clients, aws_errors, is_denied, is_missing
from eda_runtime.transports.eventbridge.messages import document, size_of
from eda_runtime.transports.eventbridge.names import bus_name, queue_name
from eda_runtime.transports.eventbridge.queues import queue_url

if TYPE_CHECKING:
    from types_aiobotocore_events.type_defs import PutEventsRequestEntryTypeDef

__all__ = ["MAX_BODY", "Publisher"]

MAX_BODY = 180_000
"""In base64, with attributes of 20 KB around it, this fits the limit of an entry."""
MOST_BYTES = 256 * 1024
MOST_ENTRIES = 10
MOST_CALLS = 8
LONGEST_TYPE = 128


@dataclass(frozen=True, slots=True)
class Destination:
    """A bus, by name, or a queue, by URL."""

    kind: Literal["bus", "queue"]
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A message on its way to a destination."""

    message: Outgoing
    destination: Destination
    detail: str
    size: int


class Publisher:
    """Sends without regard to order, which EventBridge does not keep anyhow: several calls are under way at a time."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._known: dict[str, Destination] = {}
        self._turn = asyncio.Semaphore(MOST_CALLS)

    async def send(self, messages: Sequence[Outgoing]) -> None:
        failed: dict[int, str] = {}
        entries: list[tuple[int, Entry]] = []
        places = {address: await self._find(address) for address in {message.address for message in messages}}
        now = datetime.now(UTC)
        for index, message in enumerate(messages):
            place = places[message.address]
            entry = place if isinstance(place, str) else entry_of(message, place, now)
            if isinstance(entry, str):
                failed[index] = entry
            else:
                entries.append((index, entry))
        for reasons in await asyncio.gather(*(self._call(batch) for batch in batches(entries))):
            failed |= reasons
        if failed:
            raise PublishError("; ".join(sorted(set(failed.values()))), [messages[index] for index in sorted(failed)])

    async def _find(self, address: str) -> Destination | str:
        """Where messages to an address go, or why they cannot."""
        if address not in self._known:
            try:
                with aws_errors(f"looking for {address}"):
                    found = await self._bus(address) or await self._queue(address)
            except (TransportError, ConfigurationError) as error:
                return str(error)
            if found is None:
                name = bus_name(address)
                return f"no event bus {name} for {address}, or no right to describe it: run `eda provision` first"
            self._known[address] = found
        return self._known[address]

    async def _bus(self, address: str) -> Destination | None:
        try:
            await self._clients.events.describe_event_bus(Name=bus_name(address))
            return Destination("bus", bus_name(address))
        except ClientError as error:
            if is_missing(error) or is_denied(error):
                return None
            raise

    async def _queue(self, address: str) -> Destination | None:
        """Dead letters have no bus."""
        url = await queue_url(self._clients, queue_name(address))
        return Destination("queue", url) if url else None

    async def _call(self, batch: Sequence[tuple[int, Entry]]) -> dict[int, str]:
        """Why messages were not taken, by their index."""
        entries = [entry for _, entry in batch]
        try:
            async with self._turn:
                with aws_errors("sending"):
                    if entries[0].destination.kind == "bus":
                        reasons = await self._put(entries)
                    else:
                        reasons = await self._send(entries)
        except (TransportError, ConfigurationError) as error:
            reasons = [str(error)] * len(entries)
        return {index: reason for (index, _), reason in zip(batch, reasons, strict=True) if reason}

    async def _put(self, entries: Sequence[Entry]) -> list[str]:
        answer = await self._clients.events.put_events(Entries=[put_entry(each) for each in entries])
        codes = [(result.get("ErrorCode"), result.get("ErrorMessage")) for result in answer["Entries"]]
        return [f"{code}: {told}" if code else "" for code, told in codes]

    async def _send(self, entries: Sequence[Entry]) -> list[str]:
        url = entries[0].destination.name
        answer = await self._clients.sqs.send_message_batch(
            QueueUrl=url,
            Entries=[{"Id": str(number), "MessageBody": each.detail} for number, each in enumerate(entries)],
        )
        reasons = {each["Id"]: f"{each['Code']}: {each.get('Message', '')}" for each in answer.get("Failed", [])}
        return [reasons.get(str(number), "") for number in range(len(entries))]


def entry_of(message: Outgoing, destination: Destination, now: datetime) -> Entry | str:
    """What is sent of a message, or why it cannot be."""
    if len(message.envelope.data) > MAX_BODY:
        return f"a body of {len(message.envelope.data)} bytes is larger than {MAX_BODY}"
    if len(message.envelope.type) > LONGEST_TYPE:
        return f"the type {message.envelope.type[:40]}… has more than the {LONGEST_TYPE} characters of a detail-type"
    detail = document(message, now)
    size = size_of(message, detail)
    if size > MOST_BYTES:
        return f"a message of {size} bytes, with its attributes, is larger than {MOST_BYTES}"
    return Entry(message, destination, detail, size)


def put_entry(entry: Entry) -> PutEventsRequestEntryTypeDef:
    envelope = entry.message.envelope
    return {
        "EventBusName": entry.destination.name,
        "Source": envelope.source,
        "DetailType": envelope.type,
        "Detail": entry.detail,
    }


def batches(entries: Iterable[tuple[int, Entry]]) -> Iterator[list[tuple[int, Entry]]]:
    """As many at a time as one call takes: buses together, each queue apart."""
    open_: dict[str, list[tuple[int, Entry]]] = {}
    for index, entry in entries:
        call = "" if entry.destination.kind == "bus" else entry.destination.name
        batch = open_.setdefault(call, [])
        if len(batch) == MOST_ENTRIES or sum(each.size for _, each in batch) + entry.size > MOST_BYTES:
            yield batch
            batch = open_[call] = []
        batch.append((index, entry))
    yield from (batch for batch in open_.values() if batch)
