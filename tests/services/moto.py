"""EventBridge and SQS as moto emulates them: a second opinion, from `EDA_TEST_MOTO_URL` or from PyPI's package.

It keeps all in memory, is slow, and knows some limits and habits of AWS that ministack does not.
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

__all__ = ["EXTERNAL", "MAIN", "Server", "clear", "create", "running_server"]

EXTERNAL = "EDA_TEST_MOTO_URL"
MAIN = "moto_server"


@dataclass(slots=True)
class Server:
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return url_of(self.port)

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def start(self) -> None:
        program = str(Path(sys.executable).parent / MAIN)
        command = [program, "--host", "127.0.0.1", "--port", str(self.port)]
        self.process = spawn(command, self.port, self.folder / "server.log")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of a server for the time of the block; one that we started is stopped and its files are deleted."""
    if external := os.environ.get(EXTERNAL):
        yield external
        return
    folder = Path(tempfile.mkdtemp(prefix="eda-moto-"))
    server = create(folder)
    try:
        server.start()
        yield server.url
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def create(folder: Path) -> Server:
    """A new server, not yet started."""
    (port,) = free_ports(1)
    return Server(folder, port)


def clear(url: str) -> None:
    """Delete every bus, rule, archive and queue, so that the next test finds the server empty."""
    reset(url, "/moto-api/reset")
