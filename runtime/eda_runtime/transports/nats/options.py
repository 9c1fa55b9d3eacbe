"""How to reach NATS: from the URL, and from the environment."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib.util import find_spec
from urllib.parse import unquote, urlsplit

from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import Settings, is_number
from eda_runtime.transports.nats.names import inbox_prefix

__all__ = ["Login", "NatsOptions"]

FILES = (
    "EDA_NATS_CA_FILE",
    "EDA_NATS_CERTIFICATE_FILE",
    "EDA_NATS_KEY_FILE",
    "EDA_NATS_CREDENTIALS_FILE",
)
ON = ("1", "true", "yes", "on")


@dataclass(frozen=True, slots=True)
class Login:
    """What the server knows us by; each may be absent."""

    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    credentials: str | None = None


@dataclass(frozen=True, slots=True)
class NatsOptions:
    """Servers, `nats://[user:password@]host:port[,host:port…]`, and how we prove who we are.

    | variable | meaning |
    | --- | --- |
    | `EDA_NATS_TLS` | `1` encrypts; so does `EDA_NATS_CA_FILE` or `EDA_NATS_CERTIFICATE_FILE` |
    | `EDA_NATS_CA_FILE` | who signed the servers' certificates; the system's authorities if absent |
    | `EDA_NATS_CERTIFICATE_FILE`, `EDA_NATS_KEY_FILE`, `EDA_NATS_KEY_PASSWORD` | our own certificate, for mutual TLS |
    | `EDA_NATS_USERNAME`, `EDA_NATS_PASSWORD` | credentials; they win over those in the URL |
    | `EDA_NATS_TOKEN` | a token, instead |
    | `EDA_NATS_CREDENTIALS_FILE` | a `.creds` file, instead; needs the package nkeys |
    | `EDA_NATS_REPLICAS` | copies of a stream that `eda provision` creates; 1 if absent |
    | `EDA_NATS_GROW_PARTITIONS` | `1` lets `eda provision` add partitions to a stream, which moves keys |
    """

    servers: tuple[str, ...]
    login: Login
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    replicas: int = 1
    grow_partitions: bool = False
    lease: timedelta = timedelta(seconds=10)
    inbox_prefix: str = inbox_prefix("")

    @classmethod
    def read(cls, url: str, settings: Settings, environment: Mapping[str, str] = os.environ) -> NatsOptions:
        """Raises `ConfigurationError` where the URL or a variable makes no sense."""
        user, _, servers = urlsplit(url).netloc.rpartition("@")
        if not all(_host_and_port(server) for server in servers.split(",")):
            raise ConfigurationError("EDA_BROKER_URL names no server: write nats://host:port[,host:port]")
        for variable in FILES:
            if environment.get(variable) and not os.access(environment[variable], os.R_OK):
                raise ConfigurationError(f"{variable} names a file that cannot be read: {environment[variable]}")
        replicas = environment.get("EDA_NATS_REPLICAS") or "1"
        if not is_number(replicas):
            raise ConfigurationError(f"EDA_NATS_REPLICAS must be a number, and is {replicas!r}")
        return cls(
            servers=tuple(f"nats://{server}" for server in servers.split(",")),
            login=_login(user, environment),
            tls=_tls(environment),
            replicas=int(replicas),
            grow_partitions=_is_on(environment, "EDA_NATS_GROW_PARTITIONS"),
            lease=settings.lease,
            inbox_prefix=inbox_prefix(settings.service),
        )

    @property
    def shown(self) -> str:
        """The servers, fit to be printed."""
        return ", ".join(server.partition("//")[2] for server in self.servers)


def _host_and_port(server: str) -> bool:
    host, _, port = server.rpartition(":")
    return bool(host) and is_number(port)


def _is_on(environment: Mapping[str, str], variable: str) -> bool:
    return environment.get(variable, "").lower() in ON


def _login(user: str, environment: Mapping[str, str]) -> Login:
    in_url, _, password_in_url = user.partition(":")
    credentials = environment.get("EDA_NATS_CREDENTIALS_FILE")
    if credentials and find_spec("nkeys") is None:
        raise ConfigurationError("EDA_NATS_CREDENTIALS_FILE needs nkeys: pip install 'nats-py[nkeys]'")
    return Login(
        user=environment.get("EDA_NATS_USERNAME") or unquote(in_url) or None,
        password=environment.get("EDA_NATS_PASSWORD") or unquote(password_in_url) or None,
        token=environment.get("EDA_NATS_TOKEN") or None,
        credentials=credentials or None,
    )


def _tls(environment: Mapping[str, str]) -> ssl.SSLContext | None:
    authority, certificate = environment.get("EDA_NATS_CA_FILE"), environment.get("EDA_NATS_CERTIFICATE_FILE")
    if not (authority or certificate or _is_on(environment, "EDA_NATS_TLS")):
        return None
    try:
        context = ssl.create_default_context(cafile=authority or None)
        if certificate:
            key, password = environment.get("EDA_NATS_KEY_FILE"), environment.get("EDA_NATS_KEY_PASSWORD")
            context.load_cert_chain(certificate, key or None, password or None)
    except ssl.SSLError as error:
        raise ConfigurationError(f"EDA_NATS_CA_FILE, _CERTIFICATE_FILE or _KEY_FILE make no TLS: {error}") from error
    return context
