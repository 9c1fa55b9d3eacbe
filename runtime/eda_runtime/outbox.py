"""The outbox: messages written as rows in the transaction that causes them, and sent once it has committed."""

from __future__ import annotations

import json
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from string import Formatter
from typing import TypeAlias, TypeVar
from uuid import uuid4

from pydantic import BaseModel

from eda_runtime.codec import encode
from eda_runtime.contracts import ChannelContract, MessageContract
from eda_runtime.envelope import COPY_OF, COPY_OF_TYPE, REPLY_TO, Envelope
from eda_runtime.errors import PermanentError
from eda_runtime.expressions import evaluate
from eda_runtime.stores import Row, Transaction, Value, tables
from eda_runtime.telemetry import Telemetry
from eda_runtime.transports import Outgoing

__all__ = ["COLUMNS", "SHARDS", "Outbox", "Producer", "outgoing", "write"]

SHARDS = 16
"""Of the outbox: each has one relay at a time. It is part of the rows, so changing it needs an empty outbox."""

ADDRESS = "address"
"""The parameter of a channel whose whole address comes with each message."""

COLUMNS = (
    *("id", "source", "type", "time", "payload", "datacontenttype", "subject", "dataschema", "key", "sequence"),
    *("correlationid", "causationid", "traceparent", "tracestate", "extensions"),
    *("address", "aggregatetype", "aggregateid", "shard", "created_at"),
)
Model = TypeVar("Model", bound=BaseModel)
OlderVersion: TypeAlias = "tuple[MessageContract[BaseModel], BaseModel]"
Send = Callable[[Sequence[Outgoing]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Producer:
    """Who a service's messages come from, and the way past the outbox for those that ask for it.

    There is none where the broker is in the database's own file, which the open transaction keeps to itself.
    """

    source: str
    telemetry: Telemetry
    send: Send | None


class Outbox:
    """Takes the messages of one unit of work. A generated publisher is a typed face of it.

    What a handler publishes carries on the correlation of the message that it handles, and names it as its cause.
    """

    def __init__(self, producer: Producer, pending: list[Outgoing], cause: Envelope | None = None) -> None:
        self._producer = producer
        self._pending = pending
        self._cause = cause

    def add(
        self,
        contract: MessageContract[Model],
        event: Model,
        channel: ChannelContract,
        *,
        parameters: Mapping[str, str] | None = None,
        older: Sequence[OlderVersion] = (),
        reply_to: ChannelContract | None = None,
    ) -> str:
        """Queue a message; it leaves once the transaction has committed, and never if it rolls back.

        `older` are the same message as older versions, which go before it: copies, of which a consumer applies one.
        A request carries the address of `reply_to`. Returns the correlation id.
        """
        messages = self._messages(contract, event, _address(channel, parameters or {}), older, reply_to)
        self._pending += messages
        return _correlation_of(messages)

    def reply(
        self, contract: MessageContract[Model], event: Model, channel: ChannelContract, address: str | None = None
    ) -> None:
        """Queue the answer to the request that is being handled, to the address that it names, unless one is given.

        Raises `PermanentError` where neither says one.
        """
        wanted = address or (self._cause.extensions.get(REPLY_TO) if self._cause else None)
        if not wanted:
            raise PermanentError(f"the request says no address for its reply {contract.name}, and none is given")
        self._pending += self._messages(contract, event, _address(channel, {ADDRESS: wanted}), (), None)

    async def send_now(
        self,
        contract: MessageContract[Model],
        event: Model,
        channel: ChannelContract,
        *,
        parameters: Mapping[str, str] | None = None,
        older: Sequence[OlderVersion] = (),
        reply_to: ChannelContract | None = None,
    ) -> str:
        """Send at once, whatever becomes of the transaction; returns the correlation id when the broker has it.

        On the embedded default, one SQLite file for all, the message is queued like any other.
        """
        messages = self._messages(contract, event, _address(channel, parameters or {}), older, reply_to)
        if self._producer.send is None:
            self._pending += messages
        else:
            await self._producer.send(messages)
        return _correlation_of(messages)

    def _messages(
        self,
        contract: MessageContract[Model],
        event: Model,
        address: str,
        older: Sequence[OlderVersion],
        reply_to: ChannelContract | None,
    ) -> list[Outgoing]:
        newest = self._message(contract, event, address, reply_to)
        return [*(_copy(newest, each, payload) for each, payload in older), newest]

    def _message(
        self,
        contract: MessageContract[Model],
        event: Model,
        address: str,
        reply_to: ChannelContract | None,
    ) -> Outgoing:
        message_id = str(uuid4())
        key = evaluate(contract.key, event, {}) if contract.key else None
        trace = self._producer.telemetry.creating(address, message_id)
        envelope = Envelope(
            id=message_id,
            source=self._producer.source,
            type=contract.type,
            time=datetime.now(UTC),
            data=encode(event),
            datacontenttype=contract.content_type,
            subject=key,
            dataschema=contract.dataschema,
            partitionkey=key,
            correlationid=self._correlation(contract, event) or message_id,
            causationid=self._cause.id if self._cause else None,
            traceparent=trace.get("traceparent"),
            tracestate=trace.get("tracestate"),
            extensions={REPLY_TO: reply_to.address} if reply_to else {},
        )
        return Outgoing(address, envelope)

    def _correlation(self, contract: MessageContract[Model], event: Model) -> str | None:
        if contract.correlation and (stated := evaluate(contract.correlation, event, {})):
            return stated
        return (self._cause.correlationid or self._cause.id) if self._cause else None


async def write(transaction: Transaction, messages: Sequence[Outgoing]) -> None:
    """Put `messages` into the outbox, in their order."""
    await transaction.insert(tables.outbox, COLUMNS, [_row(message) for message in messages])


def outgoing(row: Row) -> Outgoing:
    """The message in a row of `COLUMNS`."""
    id_, source, type_, time, data, content_type, subject, schema, key, sequence, *more = row
    correlation, causation, parent, state, extensions, address = more[:6]
    envelope = Envelope(
        id=id_,
        source=source,
        type=type_,
        time=datetime.fromisoformat(time),
        data=data,
        datacontenttype=content_type,
        subject=subject,
        dataschema=schema,
        partitionkey=key,
        sequence=sequence,
        correlationid=correlation,
        causationid=causation,
        traceparent=parent,
        tracestate=state,
        extensions=json.loads(extensions) if extensions else {},
    )
    return Outgoing(address, envelope)


def _correlation_of(messages: Sequence[Outgoing]) -> str:
    newest = messages[-1].envelope
    return newest.correlationid or newest.id


def _copy(newest: Outgoing, contract: MessageContract[BaseModel], payload: BaseModel) -> Outgoing:
    """The message as an older version: an event of its own, which says of what it is a copy."""
    envelope = newest.envelope
    copied = replace(
        envelope,
        id=str(uuid4()),
        type=contract.type,
        data=encode(payload),
        datacontenttype=contract.content_type,
        dataschema=contract.dataschema,
        extensions={**envelope.extensions, COPY_OF: envelope.id, COPY_OF_TYPE: envelope.type},
    )
    return Outgoing(newest.address, copied)


def _row(message: Outgoing) -> tuple[Value, ...]:
    event = message.envelope
    order = event.partitionkey or event.extensions.get(COPY_OF, event.id)
    return (
        event.id,
        event.source,
        event.type,
        event.time.isoformat(),
        event.data,
        event.datacontenttype,
        event.subject,
        event.dataschema,
        event.partitionkey,
        event.sequence,
        event.correlationid,
        event.causationid,
        event.traceparent,
        event.tracestate,
        json.dumps(dict(event.extensions)) if event.extensions else None,
        message.address,
        message.address,
        order,
        zlib.crc32(order.encode()) % SHARDS,
        int(event.time.timestamp() * 1000),
    )


def _address(channel: ChannelContract, parameters: Mapping[str, str]) -> str:
    if "{" not in channel.address:
        return channel.address
    names = [name for _, name, _, _ in Formatter().parse(channel.address) if name]
    missing = [name for name in names if not parameters.get(name)]
    if missing:
        raise ValueError(f"the address {channel.address} of {channel.name} lacks a value for {', '.join(missing)}")
    address = channel.address
    for name in names:
        address = address.replace(f"{{{name}}}", parameters[name])
    return address
