"""A TCP proxy on the loopback interface that can cut the network between clients and a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

__all__ = ["Proxy", "running_proxy"]


class Proxy:
    """Forwards what comes to it. While it is cut, nothing passes either way and nobody is told."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._whole = asyncio.Event()
        self._whole.set()
        self._open: set[asyncio.StreamWriter] = set()

    async def cut(self, seconds: float) -> None:
        """Let nothing pass for some time; the connections of before are dead afterwards."""
        self._whole.clear()
        await asyncio.sleep(seconds)
        self.drop()
        self._whole.set()

    def drop(self) -> None:
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        with suppress(OSError):
            await self._whole.wait()
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            self._open.add(far_writer)
            await asyncio.gather(self._forward(reader, far_writer), self._forward(far_reader, writer))
        writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while octets := await reader.read(65_536):
                await self._whole.wait()
                writer.write(octets)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def running_proxy(port: int, target: int) -> AsyncIterator[Proxy]:
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", port)
    try:
        yield proxy
    finally:
        proxy.drop()
        server.close()
