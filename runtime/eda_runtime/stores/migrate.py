"""Brings the runtime's tables up to date with Alembic, beside the service's own migrations and not in their way."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["VERSION_TABLE", "pending", "upgrade"]

VERSION_TABLE = "eda_schema_version"


async def upgrade(connection: AsyncConnection) -> Sequence[str]:
    """Apply what is missing, in the transaction that `connection` is in; returns the revisions applied."""
    missing = await connection.run_sync(_pending)
    if missing:
        await connection.run_sync(_upgrade)
    return missing


async def pending(connection: AsyncConnection) -> Sequence[str]:
    return await connection.run_sync(_pending)


def _pending(connection: Connection) -> Sequence[str]:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    current = context.get_current_revision()
    with as_file(files("eda_runtime.stores") / "migrations") as folder:
        script = ScriptDirectory.from_config(_config(str(folder)))
        revisions = [f"{step.revision} {step.doc}" for step in script.iterate_revisions("head", current)]
    return revisions[::-1]


def _upgrade(connection: Connection) -> None:
    with as_file(files("eda_runtime.stores") / "migrations") as folder, connection.begin_nested():
        config = _config(str(folder))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config(folder: str) -> Config:
    config = Config()
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
