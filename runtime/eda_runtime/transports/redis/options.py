"""How to reach Redis: from the URL, and from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import Settings, is_number

__all__ = ["RedisOptions", "Tls"]

FILES = ("EDA_REDIS_CA_FILE", "EDA_REDIS_CERTIFICATE_FILE", "EDA_REDIS_KEY_FILE")
ON = ("1", "true", "yes", "on")
STANDARD_PORT = 6379


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of certificates; each may be absent."""

    authority: str | None = None
    certificate: str | None = None
    key: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class RedisOptions:
    """A server, `redis://[user:password@]host[:port][/database]`, and how we prove who we are; `rediss://` encrypts.

    | variable | meaning |
    | --- | --- |
    | `EDA_REDIS_CA_FILE` | who signed the server's certificate; the system's authorities if absent |
    | `EDA_REDIS_CERTIFICATE_FILE`, `EDA_REDIS_KEY_FILE`, `EDA_REDIS_KEY_PASSWORD` | our own certificate, for mutual TLS |
    | `EDA_REDIS_USERNAME`, `EDA_REDIS_PASSWORD` | credentials; they win over those in the URL |
    | `EDA_REDIS_REPLICAS` | how many replicas must have a message before it counts as sent; 0 if absent |
    | `EDA_REDIS_GROW_PARTITIONS` | `1` lets `eda provision` add partitions to a channel, which moves keys |
    """

    host: str
    port: int = STANDARD_PORT
    database: int = 0
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls | None = None
    replicas: int = 0
    grow_partitions: bool = False
    lease: timedelta = timedelta(seconds=10)

    @classmethod
    def read(cls, url: str, settings: Settings, environment: Mapping[str, str] = os.environ) -> RedisOptions:
        """Raises `ConfigurationError` where the URL or a variable makes no sense."""
        parts = urlsplit(url)
        database = parts.path.strip("/") or "0"
        if not parts.hostname or "," in parts.netloc.rpartition("@")[2] or not is_number(database):
            raise ConfigurationError(
                "EDA_BROKER_URL does not name one server: write redis://host:port, or redis://host:port/number"
            )
        for variable in FILES:
            if environment.get(variable) and not os.access(environment[variable], os.R_OK):
                raise ConfigurationError(f"{variable} names a file that cannot be read: {environment[variable]}")
        replicas = environment.get("EDA_REDIS_REPLICAS") or "0"
        if not is_number(replicas):
            raise ConfigurationError(f"EDA_REDIS_REPLICAS must be a number, and is {replicas!r}")
        return cls(
            host=parts.hostname,
            port=parts.port or STANDARD_PORT,
            database=int(database),
            user=environment.get("EDA_REDIS_USERNAME") or unquote(parts.username or "") or None,
            password=environment.get("EDA_REDIS_PASSWORD") or unquote(parts.password or "") or None,
            tls=_tls(environment) if parts.scheme == "rediss" else None,
            replicas=int(replicas),
            grow_partitions=environment.get("EDA_REDIS_GROW_PARTITIONS", "").lower() in ON,
            lease=settings.lease,
        )

    @property
    def shown(self) -> str:
        """The server, fit to be printed."""
        return f"{self.host}:{self.port}"


def _tls(environment: Mapping[str, str]) -> Tls:
    return Tls(
        authority=environment.get("EDA_REDIS_CA_FILE") or None,
        certificate=environment.get("EDA_REDIS_CERTIFICATE_FILE") or None,
        key=environment.get("EDA_REDIS_KEY_FILE") or None,
        password=environment.get("EDA_REDIS_KEY_PASSWORD") or None,
    )
