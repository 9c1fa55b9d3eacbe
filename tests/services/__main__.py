"""`python -m tests.services up|down`: servers that stay up between test runs.

What was started is recorded in `.services/`, so that `up` can be run again and `down` stops only what `up` started.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.services import kafka, postgresql
from tests.services.processes import stop

STATE = Path(__file__).parents[2] / ".services"
POSTGRESQL = STATE / "postgresql"
"""Holds the path of the server's folder, which lies outside of the repository: PostgreSQL runs as a user of its own."""
KAFKA = STATE / "kafka"
"""Apache Kafka's folder; `pid` and `url` in it tell of the server that runs."""


def up() -> None:
    STATE.mkdir(exist_ok=True)
    if not POSTGRESQL.exists():
        POSTGRESQL.write_text(tempfile.mkdtemp(prefix="eda-postgresql-"))
    server = postgresql.start(Path(POSTGRESQL.read_text()), keep=True)
    print(f"export {postgresql.EXTERNAL}={server.get_uri()}")
    print(f"export {kafka.EXTERNAL}={kafka_url()}")


def kafka_url() -> str:
    """The URL of the Kafka that `up` started, now or earlier."""
    pid, url = KAFKA / "pid", KAFKA / "url"
    if not (pid.exists() and is_running(int(pid.read_text()), kafka.MAIN)):
        shutil.rmtree(KAFKA, ignore_errors=True)
        KAFKA.mkdir()
        server = kafka.create(KAFKA)
        server.start()
        pid.write_text(str(server.pid))
        url.write_text(server.url)
    return url.read_text()


def is_running(pid: int, program: str) -> bool:
    """Whether the process is there and is still that program: the system may give its number to another."""
    try:
        return program in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def down() -> None:
    if POSTGRESQL.exists():
        postgresql.stop(Path(POSTGRESQL.read_text()))
    if (KAFKA / "pid").exists() and is_running(pid := int((KAFKA / "pid").read_text()), kafka.MAIN):
        stop(pid)
    shutil.rmtree(STATE, ignore_errors=True)


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]]()
