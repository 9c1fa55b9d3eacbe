"""How to reach a RabbitMQ: from the URL, and from the environment."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import Settings

__all__ = ["AmqpOptions"]

PORTS = {"amqp": 5672, "amqps": 5671}
FILES = ("EDA_AMQP_CA_FILE", "EDA_AMQP_CERTIFICATE_FILE", "EDA_AMQP_KEY_FILE")


@dataclass(frozen=True, slots=True)
class AmqpOptions:
    """A server or a cluster, `amqp://[user:password@]host[:port][,host[:port]…][/vhost]`, and how we prove who we are.

    | variable | meaning |
    | --- | --- |
    | `EDA_AMQP_USERNAME`, `EDA_AMQP_PASSWORD` | credentials; they win over those in the URL; `guest` if there are none |
    | `EDA_AMQP_CA_FILE` | who signed the server's certificate, for `amqps://`; the system's authorities if absent |
    | `EDA_AMQP_CERTIFICATE_FILE`, `EDA_AMQP_KEY_FILE`, `EDA_AMQP_KEY_PASSWORD` | our own certificate, for mutual TLS |
    | `EDA_AMQP_GROW_PARTITIONS` | `1` lets `eda provision` add partitions to an address, which moves keys |
    """

    hosts: tuple[tuple[str, int], ...]
    vhost: str
    username: str
    password: str = field(repr=False)
    tls: ssl.SSLContext | None = None
    grow_partitions: bool = False
    lease: timedelta = timedelta(seconds=10)

    @classmethod
    def read(cls, url: str, settings: Settings, environment: Mapping[str, str] = os.environ) -> AmqpOptions:
        """Raises `ConfigurationError` where the URL or a variable makes no sense."""
        parts = urlsplit(url)
        user, _, servers = parts.netloc.rpartition("@")
        in_url, _, password_in_url = user.partition(":")
        return cls(
            hosts=tuple(_host_and_port(server, PORTS[parts.scheme]) for server in servers.split(",")),
            vhost=unquote(parts.path.removeprefix("/")) or "/",
            username=environment.get("EDA_AMQP_USERNAME") or unquote(in_url) or "guest",
            password=environment.get("EDA_AMQP_PASSWORD") or unquote(password_in_url) or "guest",
            tls=_tls(environment) if parts.scheme == "amqps" else None,
            grow_partitions=environment.get("EDA_AMQP_GROW_PARTITIONS", "").lower() in ("1", "true", "yes", "on"),
            lease=settings.lease,
        )

    @property
    def servers(self) -> str:
        return ",".join(f"{host}:{port}" for host, port in self.hosts)

    @property
    def heartbeat(self) -> int:
        """Seconds. Whoever hears nothing for about twice as long takes the other for dead."""
        return max(1, round(self.lease.total_seconds()))


def _host_and_port(server: str, default: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{server}")
        if parts.hostname:
            return parts.hostname, parts.port or default
    except ValueError:
        pass
    raise ConfigurationError("EDA_BROKER_URL names no server: write amqp://host:port/vhost")


def _tls(environment: Mapping[str, str]) -> ssl.SSLContext:
    authority, certificate, key = (environment.get(variable) or None for variable in FILES)
    for variable, path in zip(FILES, (authority, certificate, key), strict=True):
        if path and not os.access(path, os.R_OK):
            raise ConfigurationError(f"{variable} names a file that cannot be read: {path}")
    try:
        context = ssl.create_default_context(cafile=authority)
        if certificate:
            context.load_cert_chain(certificate, key, environment.get("EDA_AMQP_KEY_PASSWORD", ""))
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(f"the certificates of EDA_AMQP_… cannot be used: {error}") from error
    return context
