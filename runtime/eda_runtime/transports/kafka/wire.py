"""What stands before a payload in a record: nothing, or, in Confluent's wire format, a zero byte and its schema's id."""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Mapping, Sequence
from dataclasses import replace

from eda_runtime.envelope import JSON, Envelope
from eda_runtime.errors import TransportError
from eda_runtime.transports import Delivery, Outgoing, Receiver
from eda_runtime.transports.kafka.schemas import NoSchema, SchemaRegistry

__all__ = ["ConfluentFormat", "UnframingReceiver", "WireFormat"]

PREFIX = struct.Struct(">bI")
MAGIC = 0
DEAD_LETTER, CAME_FROM = "edagroup", "edaaddress"
log = logging.getLogger(__name__)


class WireFormat:
    """Payloads as they are."""

    async def prepare(self, messages: Sequence[Outgoing]) -> Mapping[int, str]:
        """Find out what `frame` needs to know; why messages cannot be sent, by their place in `messages`."""
        return {}

    def frame(self, message: Outgoing) -> bytes:
        """The value of a record."""
        return message.envelope.data

    def around(self, receiver: Receiver) -> Receiver:
        return receiver


class ConfluentFormat(WireFormat):
    """Each payload after its schema's id, which is looked up once."""

    def __init__(self, registry: SchemaRegistry) -> None:
        self._registry = registry
        self._ids: dict[tuple[str, str], int | None] = {}
        self._types: dict[int, str | None] = {}

    async def prepare(self, messages: Sequence[Outgoing]) -> Mapping[int, str]:
        wanted = dict.fromkeys((*_schema_of(each), _is_dead_letter(each)) for each in messages)
        problems = {each[:2]: await self._look_up(*each) for each in wanted if each[:2] not in self._ids}
        found = ((place, problems.get(_schema_of(message))) for place, message in enumerate(messages))
        return {place: problem for place, problem in found if problem is not None}

    def frame(self, message: Outgoing) -> bytes:
        id_ = self._ids[_schema_of(message)]
        return message.envelope.data if id_ is None else PREFIX.pack(MAGIC, id_) + message.envelope.data

    def around(self, receiver: Receiver) -> Receiver:
        return UnframingReceiver(receiver, self)

    async def unframed(self, delivery: Delivery) -> Delivery:
        """The payload without its prefix. One without a prefix, as from before the format was set, stays as it is.

        What other producers send has no CloudEvents headers: there the schema tells the type.
        """
        if len(delivery.body) < PREFIX.size or delivery.body[0] != MAGIC:
            return delivery
        _, id_ = PREFIX.unpack_from(delivery.body)
        data = delivery.body[PREFIX.size :]
        if id_ not in self._types:
            self._types[id_] = await self._type_of(id_, delivery)
        if delivery.envelope is not None:
            return replace(delivery, envelope=replace(delivery.envelope, data=data))
        type_ = self._types[id_]
        return replace(delivery, envelope=_foreign(delivery, type_, data)) if type_ is not None else delivery

    async def _look_up(self, address: str, type_: str, dead_letter: bool) -> str | None:
        """Why a message has no schema id, if so. A dead letter that never had one goes without."""
        try:
            self._ids[address, type_] = await asyncio.to_thread(self._registry.id_of, address, type_)
        except NoSchema as missing:
            if not dead_letter:
                return str(missing)
            self._ids[address, type_] = None
        except TransportError as error:
            return str(error)
        return None

    async def _type_of(self, id_: int, delivery: Delivery) -> str | None:
        """Asked once. An id that nobody knows keeps no message from being read: its headers name its type."""
        try:
            return await asyncio.to_thread(self._registry.type_of, id_)
        except (NoSchema, TransportError) as error:
            place = f"{delivery.address}/{delivery.partition}/{delivery.position}"
            log.warning("%s is read without its schema: %s", place, error)
            return None


class UnframingReceiver:
    """A receiver whose deliveries come in Confluent's wire format."""

    def __init__(self, receiver: Receiver, format: ConfluentFormat) -> None:
        self._receiver = receiver
        self._format = format

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        return [await self._format.unframed(each) for each in await self._receiver.poll(max_messages, timeout)]

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        await self._receiver.acknowledge(deliveries)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        await self._receiver.release(deliveries)

    async def close(self) -> None:
        await self._receiver.close()


def _schema_of(message: Outgoing) -> tuple[str, str]:
    """The address and type by which a message's schema is found; a dead letter keeps that of the message that died."""
    extensions = message.envelope.extensions
    address = extensions.get(CAME_FROM, message.address) if _is_dead_letter(message) else message.address
    return address, message.envelope.type


def _is_dead_letter(message: Outgoing) -> bool:
    return DEAD_LETTER in message.envelope.extensions


def _foreign(delivery: Delivery, type_: str, data: bytes) -> Envelope:
    return Envelope(
        id=f"{delivery.partition}/{delivery.position}",
        source=delivery.address,
        type=type_,
        time=delivery.appended_at,
        data=data,
        datacontenttype=JSON,
        partitionkey=delivery.key,
    )
