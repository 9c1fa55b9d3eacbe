"""`python -m tests.services up|down`: servers that stay up between test runs; as containers where there is a Docker engine.

What was started is recorded in `.services/`, so that `up` can be run again and `down` stops only what `up` started.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from tests.services import compose, kafka, ministack, moto, nats, postgresql, pubsub, rabbitmq, redis, registry
from tests.services.processes import stop

STATE = Path(__file__).parents[2] / ".services"
POSTGRESQL = STATE / "postgresql"
"""Holds the path of the server's folder, which lies outside of the repository: PostgreSQL runs as a user of its own."""

CONTAINERS = STATE / "compose.env"
"""The ports of what runs as containers, where there is a Docker engine."""


class Server(Protocol):
    @property
    def url(self) -> str: ...
    @property
    def pid(self) -> int: ...
    def start(self) -> None: ...


class Kind(Protocol):
    """A module of this package: `MAIN` stands in the command line of its servers, `EXTERNAL` names one to the tests."""

    EXTERNAL: str
    MAIN: str

    def create(self, folder: Path) -> Server: ...


KINDS: dict[str, Kind] = {
    "eventbridge": ministack,
    "kafka": kafka,
    "moto": moto,
    "nats": nats,
    "pubsub": pubsub,
    "rabbitmq": rabbitmq,
    "redis": redis,
    "registry": registry,
}
"""By the folder of `.services/` where `pid` and `url` tell of the server that runs."""


def up() -> None:
    STATE.mkdir(exist_ok=True)
    contained = compose.up(CONTAINERS) if compose.has_engine() else {}
    for variable, url in contained.items():
        print(f"export {variable}={url}")
    others = [name for name, kind in KINDS.items() if kind.EXTERNAL not in contained]
    with ThreadPoolExecutor() as threads:
        lines = [threads.submit(line_of, name) for name in others]
        lines += [] if contained else [threads.submit(postgresql_line)]
        for line in lines:
            print(line.result(), flush=True)


def postgresql_line() -> str:
    if not POSTGRESQL.exists():
        POSTGRESQL.write_text(tempfile.mkdtemp(prefix="eda-postgresql-"))
    server = postgresql.start(Path(POSTGRESQL.read_text()), keep=True)
    return f"export {postgresql.EXTERNAL}={server.get_uri()}"


def line_of(name: str) -> str:
    """Names the server that `up` started, now or earlier."""
    kind, folder = KINDS[name], STATE / name
    if not any(running(name)):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        server = kind.create(folder)
        server.start()
        (folder / "pid").write_text(str(server.pid))
        (folder / "url").write_text(server.url)
    return f"export {kind.EXTERNAL}={(folder / 'url').read_text()}"


def running(name: str) -> Iterator[int]:
    """The process of the server that `up` started, if it is there and still that program: the system may give its
    number to another."""
    recorded = STATE / name / "pid"
    if recorded.exists():
        pid = int(recorded.read_text())
        command = Path(f"/proc/{pid}/cmdline")
        if command.exists() and KINDS[name].MAIN in command.read_text():
            yield pid


def down() -> None:
    if CONTAINERS.exists():
        compose.down(CONTAINERS)
    if POSTGRESQL.exists():
        postgresql.stop(Path(POSTGRESQL.read_text()))
    for name in KINDS:
        for pid in running(name):
            stop(pid)
    shutil.rmtree(STATE, ignore_errors=True)


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]]()
