"""Frames that the client cannot decode, mended before it sees them.

A sender may write what pamqp raises for: a time beyond the year 9999, a name that is no UTF-8, tables within tables without end.
aiormq's reader ends with it, and the connection with the reader; the message comes again on the next one, and nothing else ever does.
So we put ourselves between the socket and aiormq, where it lets us, and leave out of a message what cannot be read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import aio_pika
import pamqp.frame
from aio_pika.abc import TimeoutType
from aiormq import TransportFactory
from aiormq.connection import TCPTransportFactory, TLSTransportFactory
from pamqp import decode
from pamqp.commands import Basic
from pamqp.constants import FRAME_END_CHAR, FRAME_HEADER, FRAME_HEADER_SIZE, FRAME_METHOD
from yarl import URL

__all__ = ["TolerantConnection", "mended"]

PROTOCOL = b"AMQP"
DELIVER = bytes((0, 60, 0, 60))
FLAGS = slice(12, 14)
"""In a header's payload, behind the class and the size of the body: which properties follow."""
WIDTHS = {"octet": 1, "timestamp": 8}
ENTRY_WIDTHS = dict(zip(b"tbBsuIifdlLTDV\x00", (1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8, 8, 5, 0, 0), strict=True))
"""Of a table's values by their type; those of all others begin with their length."""
SIZED = b"SAFx"
log = logging.getLogger(__name__)


class TolerantConnection(aio_pika.Connection):
    """aio-pika hands `kwargs` on to aiormq, but takes none but its own from its caller."""

    async def connect(self, timeout: TimeoutType = None) -> None:
        plain = TLSTransportFactory() if self.url.scheme == "amqps" else TCPTransportFactory()
        self.kwargs["transport_factory"] = MendingFactory(plain)
        await super().connect(timeout)


class MendingFactory(TransportFactory):
    def __init__(self, plain: TransportFactory) -> None:
        self._plain = plain

    async def create(self, url: URL, **kwargs: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await self._plain.create(url, **kwargs)
        return MendingReader(reader), writer


class MendingReader(asyncio.StreamReader):
    """What aiormq asks of a reader. It takes each frame in parts, none of which goes beyond the frame's end."""

    def __init__(self, source: asyncio.StreamReader) -> None:
        super().__init__()
        self._source = source
        self._frame = b""

    def at_eof(self) -> bool:
        return not self._frame and self._source.at_eof()

    async def readexactly(self, n: int) -> bytes:
        if not self._frame:
            self._frame = await self._next()
        part, self._frame = self._frame[:n], self._frame[n:]
        return part

    async def _next(self) -> bytes:
        head = await self._source.readexactly(FRAME_HEADER_SIZE)
        if head.startswith(PROTOCOL):
            return head
        return mended(head + await self._source.readexactly(size_in(head) + len(FRAME_END_CHAR)))


def mended(frame: bytes) -> bytes:
    """The frame itself where it can be decoded, or is none of a message."""
    mend = mending_of(frame)
    if mend is None or is_legible(frame):
        return frame
    payload = frame[FRAME_HEADER_SIZE : -len(FRAME_END_CHAR)]
    with suppress(IndexError):
        found = framed(frame, mend(payload))
        if is_legible(found):
            return found
    log.warning("RabbitMQ: a message comes without its properties, none of which can be read")
    return framed(frame, payload[: FLAGS.start] + bytes(2)) if mend is with_legible_properties else frame


def mending_of(frame: bytes) -> Callable[[bytes], bytes] | None:
    if frame[0] == FRAME_HEADER:
        return with_legible_properties
    is_delivery = frame[0] == FRAME_METHOD and frame[FRAME_HEADER_SIZE:].startswith(DELIVER)
    return with_legible_names if is_delivery else None


def is_legible(frame: bytes) -> bool:
    """By the client's own decoder, from a deeper place of the stack than the client's: it nests as tables do."""
    return is_decoded(pamqp.frame.unmarshal, frame)


def is_legible_alone(entry: bytes) -> bool:
    """As the only header of a message."""
    payload = bytes(FLAGS.start) + Basic.Properties.flags["headers"].to_bytes(2) + sized(entry)
    return is_legible(framed(bytes((FRAME_HEADER, 0, 0)), payload))


def with_legible_properties(payload: bytes) -> bytes:
    flags, rest = int.from_bytes(payload[FLAGS]), payload[FLAGS.stop :]
    kept, lost = [], []
    for name, flag in Basic.Properties.flags.items():
        if flags & flag:
            kind = Basic.Properties.amqp_type(name)
            raw, rest = cut(rest, width_of(kind, rest))
            if kind == "table":
                raw = with_legible_entries(raw)
            if is_decoded(decode.METHODS[kind], raw):
                kept.append(raw)
            else:
                flags -= flag
                lost.append(name)
    if lost:
        log.warning("RabbitMQ: a message comes without its %s, which cannot be read", ", ".join(lost))
    return payload[: FLAGS.start] + flags.to_bytes(2) + b"".join(kept)


def with_legible_entries(table: bytes) -> bytes:
    kept: list[bytes] = []
    for entry in entries_of(table[4:]):
        if is_legible_alone(entry):
            kept.append(entry)
        else:
            log.warning("RabbitMQ: a message comes without a header that cannot be read: %r", entry[:60])
    return sized(b"".join(kept))


def entries_of(table: bytes) -> Iterator[bytes]:
    """Of a value of an unknown type the end is not to be found: it ends with the table."""
    while table:
        name_ends = 1 + table[0]
        kind, value = table[name_ends], table[name_ends + 1 :]
        width = 4 + int.from_bytes(value[:4]) if kind in SIZED else ENTRY_WIDTHS.get(kind, len(value))
        entry, table = cut(table, name_ends + 1 + width)
        yield entry


def with_legible_names(payload: bytes) -> bytes:
    """The names of the exchange and of the routing key come last."""
    names_begin = len(DELIVER) + 1 + payload[len(DELIVER)] + 8 + 1
    fixed, rest = cut(payload, names_begin)
    exchange, key = cut(rest, 1 + rest[0])
    return fixed + b"".join(legible_name(name[1:]) for name in (exchange, key))


def legible_name(name: bytes) -> bytes:
    legible = name.decode(errors="ignore").encode()
    return bytes([len(legible)]) + legible


def width_of(kind: str, data: bytes) -> int:
    if kind == "table":
        return 4 + int.from_bytes(data[:4])
    return WIDTHS.get(kind) or 1 + data[0]


def is_decoded(decoder: Callable[[bytes], object], data: bytes) -> bool:
    try:
        decoder(data)
    except Exception:  # noqa: BLE001  it raises whatever befalls it
        return False
    return True


def cut(data: bytes, at: int) -> tuple[bytes, bytes]:
    return data[:at], data[at:]


def sized(data: bytes) -> bytes:
    return len(data).to_bytes(4) + data


def size_in(head: bytes) -> int:
    return int.from_bytes(head[3:FRAME_HEADER_SIZE])


def framed(original: bytes, payload: bytes) -> bytes:
    """Of the same kind, on the same channel."""
    return original[:3] + sized(payload) + FRAME_END_CHAR
