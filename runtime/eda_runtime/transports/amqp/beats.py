"""What the workers of a group tell each other, and the stream that carries it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from aio_pika import Message
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelNotFoundEntity
from aiormq.abc import ArgumentsType, DeliveredMessage

from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.transports.amqp.connection import REQUEST_SECONDS, Connection, broker_errors, discard
from eda_runtime.transports.amqp.layout import workers_name
from eda_runtime.transports.amqp.messages import sent_at, tag_of

__all__ = ["Beat", "Held", "Stream"]

Held = Mapping[str, tuple[int, int | None]]
"""By queue: messages not acknowledged, and when the oldest of them was sent (ms)."""
UNREAD = 100


@dataclass(frozen=True, slots=True)
class Beat:
    """What a worker says; with `leaves` for the last time. A `call` wants everybody to say it: who only calls is no worker."""

    worker: str
    held: Held = field(default_factory=dict)
    call: str = ""
    leaves: bool = False

    @classmethod
    def read(cls, body: bytes) -> Beat | None:
        """`None` for what is no beat."""
        try:
            told = json.loads(body)
            held = {str(queue): (int(count), oldest) for queue, (count, oldest) in told["held"].items()}
            return cls(str(told["worker"]), held, str(told["call"]), bool(told["leaves"]))
        except (ValueError, TypeError, KeyError, AttributeError):
            return None

    @property
    def body(self) -> bytes:
        told = {"worker": self.worker, "held": dict(self.held), "call": self.call, "leaves": self.leaves}
        return json.dumps(told).encode()


class Stream:
    """What the workers of a group say, from now or from some time ago on."""

    def __init__(self, connection: Connection, group: str, heard: Callable[[Beat, datetime], None]) -> None:
        self._connection = connection
        self._name = workers_name(group)
        self._heard = heard
        self._reading: AbstractChannel | None = None
        self._closing = False
        self._writing: AbstractChannel | None = None

    async def open(self, since: datetime | None = None, ended: Callable[[], None] | None = None) -> None:
        """Raises `ConfigurationError` where the stream is missing."""
        self._reading = await self._connection.channel(prefetch=UNREAD)
        self._writing = await self._connection.channel(confirms=True)
        try:
            with broker_errors(f"reading {self._name}"):
                wire = await self._reading.get_underlay_channel()
                offset: ArgumentsType = {"x-stream-offset": since or "next"}
                await wire.basic_consume(self._name, self._on_message, arguments=offset, timeout=REQUEST_SECONDS)
                if ended:
                    wire.closing.add_done_callback(lambda _: ended())
        except TransportError as error:
            await self.close()
            if isinstance(error.__cause__, ChannelNotFoundEntity):
                raise ConfigurationError(f"stream {self._name} does not exist: run `eda provision` first") from error
            raise

    async def say(self, beat: Beat) -> None:
        if self._writing is None:
            return
        with broker_errors(f"sending to {self._name}"):
            exchange = await self._writing.get_exchange(self._name, ensure=False)
            message = Message(beat.body, timestamp=datetime.now(UTC))
            await exchange.publish(message, "", mandatory=True, timeout=REQUEST_SECONDS)

    async def close(self) -> None:
        """On a channel that is closing, an acknowledgement would make the server end the whole connection."""
        self._closing = True
        for channel in filter(None, (self._reading, self._writing)):
            await discard(channel)

    async def _on_message(self, message: DeliveredMessage) -> None:
        if self._closing:
            return
        with suppress(TransportError), broker_errors("asking for more"):
            await message.channel.basic_ack(tag_of(message), wait=False)
        beat = Beat.read(message.body)
        if beat:
            self._heard(beat, sent_at(message))
