"""The log: messages in the tables of a SQLite or PostgreSQL database, for low volume, with fan-out and replay."""

from __future__ import annotations

from urllib.parse import urlsplit

from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import Settings
from eda_runtime.transports.log.database import Database
from eda_runtime.transports.log.transport import LogTransport

__all__ = ["LogTransport", "open_transport"]


async def open_transport(url: str, settings: Settings | None = None) -> LogTransport:
    """The log in the database that `url` names."""
    return LogTransport(await open_database(url), (settings or Settings()).lease)


async def open_database(url: str) -> Database:
    scheme = urlsplit(url).scheme.partition("+")[0]
    if scheme == "sqlite":
        from eda_runtime.transports.log.sqlite import open_sqlite

        return await open_sqlite(url)
    try:
        from eda_runtime.transports.log.postgresql import open_postgresql
    except ModuleNotFoundError as error:
        raise ConfigurationError("PostgreSQL needs a driver: pip install 'eda-runtime[postgresql]'") from error
    return await open_postgresql(url)
