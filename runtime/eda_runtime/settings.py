"""Settings of a service, read from the environment once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import urlsplit

from eda_runtime.errors import ConfigurationError

__all__ = ["Settings", "is_number", "redacted"]

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=://)")
SHORTEST, LONGEST = 0.001, 31_536_000
"""Seconds that a setting may last: a millisecond, as databases and brokers count, and a year."""
MOST_CONNECTIONS = 10_000
WITHOUT_SERVERS = ("sqlite", "eventbridge", "pubsub")
"""The schemes whose URLs have no password and no port."""


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

    `service` is no variable: an application fills in its own name, for brokers where rights go by it.
    """

    database_url: str = field(default="sqlite:///eda.db", repr=False)
    broker_url: str = field(default="", repr=False)
    lease: timedelta = timedelta(seconds=10)
    grace: timedelta = timedelta(seconds=30)
    pool_size: int = 20
    order_wait: timedelta = timedelta(seconds=60)
    service: str = ""

    def __post_init__(self) -> None:
        if not self.broker_url:
            object.__setattr__(self, "broker_url", self.database_url)
        for variable, name in (("EDA_DATABASE_URL", "database_url"), ("EDA_BROKER_URL", "broker_url")):
            object.__setattr__(self, name, _checked(variable, getattr(self, name)))

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
            pool_size=_whole(environment, "EDA_POOL_SIZE", default.pool_size),
            order_wait=_seconds(environment, "EDA_ORDER_WAIT_SECONDS", default.order_wait),
        )


def redacted(url: str) -> str:
    """The URL without its password, its user and its query, fit to be printed.

    A password that is not escaped may have any character, `/` and `?` too, so all before the last `@` goes.
    """
    scheme, _, rest = url.partition(":")
    user, at, shown = rest.removeprefix("//").rpartition("@")
    if "?" in user:  # it ends in a password, or begins a query with one
        shown = ""
    return f"{scheme}://{'***@' if at else ''}{re.split('[?#]', shown)[0]}"


def is_number(text: str) -> bool:
    """Whether this is a number such as a person writes: of a port, a database, how many copies."""
    return text.isascii() and text.isdecimal() and len(text) < 10


def _checked(variable: str, url: str) -> str:
    """The URL with its scheme in lower case. What is wrong with it is said without showing it: it may have a password."""
    scheme = SCHEME.match(url)
    if not scheme:
        raise ConfigurationError(f"{variable} is no URL such as sqlite:///eda.db or postgresql://host/name")
    if not _is_readable(url):
        raise ConfigurationError(
            f"{variable} cannot be read: write scheme://host:port, with a port from 1 to 65535, and special characters "
            "of a password as %xx, such as / as %2F"
        )
    return scheme[0].lower() + url[scheme.end() :]


def _is_readable(url: str) -> bool:
    """Whether all ports are some, and no part of a password was taken for the path, the query or the fragment."""
    try:
        parts = urlsplit(url)
        if parts.scheme.partition("+")[0] in WITHOUT_SERVERS:
            return True
        servers = parts.netloc.rpartition("@")[2].split(",")
        ports = [urlsplit(f"//{server}").port for server in servers]
    except ValueError:
        return False
    return 0 not in ports and "@" not in parts.path + parts.fragment + parts.query.partition("=")[0]


def _seconds(environment: Mapping[str, str], variable: str, default: timedelta) -> timedelta:
    text = environment.get(variable, "")
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not SHORTEST <= seconds <= LONGEST:
        raise ConfigurationError(f"{variable} must be a number from {SHORTEST} to {LONGEST}, and is {text!r}")
    return timedelta(seconds=seconds)


def _whole(environment: Mapping[str, str], variable: str, default: int) -> int:
    text = environment.get(variable, "")
    if not text:
        return default
    if not is_number(text) or not 0 < int(text) <= MOST_CONNECTIONS:
        raise ConfigurationError(f"{variable} must be a whole number from 1 to {MOST_CONNECTIONS}, and is {text!r}")
    return int(text)
