"""`python -m tests.services up|down`: servers that stay up between test runs.

What was started is recorded in `.services/`, so that `up` can be run again and `down` stops only what `up` started.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.services import postgresql

STATE = Path(__file__).parents[2] / ".services"
POSTGRESQL = STATE / "postgresql"
"""Holds the path of the server's folder, which lies outside of the repository: PostgreSQL runs as a user of its own."""


def up() -> None:
    STATE.mkdir(exist_ok=True)
    if not POSTGRESQL.exists():
        POSTGRESQL.write_text(tempfile.mkdtemp(prefix="eda-postgresql-"))
    server = postgresql.start(Path(POSTGRESQL.read_text()), keep=True)
    print(f"export {postgresql.EXTERNAL}={server.get_uri()}")


def down() -> None:
    if POSTGRESQL.exists():
        postgresql.stop(Path(POSTGRESQL.read_text()))
    shutil.rmtree(STATE, ignore_errors=True)


if __name__ == "__main__":
    {"up": up, "down": down}[sys.argv[1]]()
