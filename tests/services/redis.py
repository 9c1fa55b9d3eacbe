"""A Redis: the one that `EDA_TEST_REDIS_URL` names, or Debian's `redis-server`."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis
from tests.services.processes import free_ports, spawn

__all__ = ["EXTERNAL", "MAIN", "Server", "clear", "create", "own_server", "running_server"]

EXTERNAL = "EDA_TEST_REDIS_URL"
MAIN = "redis-server"


@dataclass(slots=True)
class Server:
    """A server whose append-only file is in `folder`; it can be started, killed and started again.

    Clients are told to connect to `advertised`, which may be the port of a proxy. It fsyncs before it answers, so that a kill
    loses nothing that was acknowledged.
    """

    folder: Path
    port: int
    advertised: int
    more: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.advertised}"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def start(self) -> None:
        if shutil.which(MAIN) is None:
            pytest.fail(
                f"Redis needs {MAIN} (Debian: apt-get install {MAIN}); {EXTERNAL} can name a server that runs already",
                pytrace=False,
            )
        kept = ("--dir", str(self.folder), "--appendonly", "yes", "--appendfsync", "always", "--save", "")
        command = [MAIN, "--bind", "127.0.0.1", "--port", str(self.port), *kept, *self.more]
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
def own_server(advertised: int | None = None, *more: str) -> Iterator[Server]:
    """`more` are further options of its command line."""
    folder = Path(tempfile.mkdtemp(prefix="eda-redis-"))
    server = create(folder, advertised, *more)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def create(folder: Path, advertised: int | None = None, *more: str) -> Server:
    """A new server, not yet started."""
    (port,) = free_ports(1)
    return Server(folder, port, advertised or port, more)


def clear(url: str) -> None:
    """Delete every key of the database, so that the next test finds it empty."""
    with Redis.from_url(url) as client:
        client.flushdb()
