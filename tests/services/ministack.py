"""EventBridge and SQS as ministack emulates them: the server that `EDA_TEST_EVENTBRIDGE_URL` names, or one run from PyPI's package.

It keeps all in memory, and writes it down when it is stopped politely: what it took before a SIGKILL is gone.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.services.aws import reset, url_of
from tests.services.processes import free_ports, spawn

__all__ = ["EXTERNAL", "MAIN", "Server", "clear", "create", "own_server", "running_server"]

EXTERNAL = "EDA_TEST_EVENTBRIDGE_URL"
MAIN = "ministack"
STOP_SECONDS = 20.0
QUIET = {"SERVICES": "events,sqs", "SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0", "LOG_LEVEL": "WARNING"}


@dataclass(slots=True)
class Server:
    """A server whose state is in `folder` while it does not run.

    Clients are told to connect to `advertised`, which may be the port of a proxy.
    """

    folder: Path
    port: int
    advertised: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return url_of(self.advertised)

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def start(self) -> None:
        own = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port), "DOCKER_HOST": f"unix://{self.folder}/none"}
        kept = {"PERSIST_STATE": "1", "STATE_DIR": str(self.folder / "state")}
        program = str(Path(sys.executable).parent / MAIN)
        self.process = spawn([program], self.port, self.folder / "server.log", {**QUIET, **own, **kept})

    def kill(self) -> None:
        """Stop it, so that it writes down what it has, cutting off whoever talks to it."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(STOP_SECONDS)

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
def own_server(advertised: int | None = None) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="eda-ministack-"))
    server = create(folder, advertised)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def create(folder: Path, advertised: int | None = None) -> Server:
    """A new server, not yet started."""
    (port,) = free_ports(1)
    return Server(folder, port, advertised or port)


def clear(url: str) -> None:
    """Delete every bus, rule, archive and queue, so that the next test finds the server empty."""
    reset(url, "/_ministack/reset")
