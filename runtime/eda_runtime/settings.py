"""Settings of a service, read from the environment once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from eda_runtime.errors import ConfigurationError

__all__ = ["Settings", "redacted"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a service keeps its state, where its messages travel, and how long it waits.

    | variable | default |
    | --- | --- |
    | `EDA_DATABASE_URL` | `sqlite:///eda.db` |
    | `EDA_BROKER_URL` | the database, which then also serves as the broker |
    | `EDA_LEASE_SECONDS` | 10: how long the work of a dead process waits for another to take it over |
    | `EDA_GRACE_SECONDS` | 30: how long a stopping service may finish the batch in hand |
    | `EDA_POOL_SIZE` | 20: database connections of the process, at most |
    | `EDA_ORDER_WAIT_SECONDS` | 60: how long, on a broker without order, a message waits for one of its key that is missing |
    """

    database_url: str = field(default="sqlite:///eda.db", repr=False)
    broker_url: str = field(default="", repr=False)
    lease: timedelta = timedelta(seconds=10)
    grace: timedelta = timedelta(seconds=30)
    pool_size: int = 20
    order_wait: timedelta = timedelta(seconds=60)

    def __post_init__(self) -> None:
        if not self.broker_url:
            object.__setattr__(self, "broker_url", self.database_url)
        for variable, url in (("EDA_DATABASE_URL", self.database_url), ("EDA_BROKER_URL", self.broker_url)):
            if "://" not in url:
                raise ConfigurationError(f"{variable} is no URL such as sqlite:///eda.db or postgresql://host/name")
        try:
            _ = urlsplit(self.broker_url), urlsplit(self.database_url).port
        except ValueError:
            raise ConfigurationError(
                "EDA_DATABASE_URL or EDA_BROKER_URL cannot be read: write special characters of a password as %xx"
            ) from None

    @property
    def one_file(self) -> bool:
        """Whether one SQLite file is both database and broker, as it is by default."""
        return self.database_url == self.broker_url and self.database_url.startswith("sqlite:")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read `EDA_*`. Raises `ConfigurationError` that names the variable whose value is wrong."""
        default = cls()
        return cls(
            database_url=environment.get("EDA_DATABASE_URL") or default.database_url,
            broker_url=environment.get("EDA_BROKER_URL", ""),
            lease=_seconds(environment, "EDA_LEASE_SECONDS", default.lease),
            grace=_seconds(environment, "EDA_GRACE_SECONDS", default.grace),
            pool_size=int(_number(environment, "EDA_POOL_SIZE", default.pool_size)),
            order_wait=_seconds(environment, "EDA_ORDER_WAIT_SECONDS", default.order_wait),
        )


def redacted(url: str) -> str:
    """The URL without its password, its user and its query, fit to be printed."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{'***@' if '@' in parts.netloc else ''}{host}{parts.path}"


def _seconds(environment: Mapping[str, str], variable: str, default: timedelta) -> timedelta:
    return timedelta(seconds=_number(environment, variable, default.total_seconds()))


def _number(environment: Mapping[str, str], variable: str, default: float) -> float:
    text = environment.get(variable, "")
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < float("inf"):
        raise ConfigurationError(f"{variable} must be a number above 0, and is {text!r}")
    return number
