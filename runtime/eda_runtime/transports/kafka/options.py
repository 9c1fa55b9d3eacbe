"""How to reach a Kafka cluster: from the URL, and from the environment."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import Settings, is_number
from eda_runtime.transports.kafka.schemas import RegistryOptions

__all__ = ["ClientConfig", "KafkaOptions"]

ClientConfig: TypeAlias = dict[str, str | int | bool | logging.Logger]
FILES = {
    "EDA_KAFKA_CA_FILE": "ssl.ca.location",
    "EDA_KAFKA_CERTIFICATE_FILE": "ssl.certificate.location",
    "EDA_KAFKA_KEY_FILE": "ssl.key.location",
}


@dataclass(frozen=True, slots=True)
class KafkaOptions:
    """A cluster, `kafka://[user:password@]host:port[,host:port…]`, and how we prove who we are.

    | variable | meaning |
    | --- | --- |
    | `EDA_KAFKA_TLS` | `1` encrypts; so does any of the files below |
    | `EDA_KAFKA_CA_FILE` | who signed the brokers' certificates; the system's authorities if absent |
    | `EDA_KAFKA_CERTIFICATE_FILE`, `EDA_KAFKA_KEY_FILE`, `EDA_KAFKA_KEY_PASSWORD` | our own certificate, for mutual TLS |
    | `EDA_KAFKA_USERNAME`, `EDA_KAFKA_PASSWORD` | SASL credentials; they win over those in the URL |
    | `EDA_KAFKA_SASL_MECHANISM` | `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512` (default) |
    | `EDA_KAFKA_REPLICAS` | copies of a topic that `eda provision` creates; the cluster's default if absent |
    | `EDA_KAFKA_GROW_PARTITIONS` | `1` lets `eda provision` add partitions to a topic, which moves keys |

    `RegistryOptions` lists those of the wire format and its schema registry.
    """

    servers: str
    security: Mapping[str, str] = field(repr=False)
    replicas: int = -1
    grow_partitions: bool = False
    lease: timedelta = timedelta(seconds=10)
    grace: timedelta = timedelta(seconds=30)
    registry: RegistryOptions | None = None

    @classmethod
    def read(cls, url: str, settings: Settings, environment: Mapping[str, str] = os.environ) -> KafkaOptions:
        """Raises `ConfigurationError` where the URL or a variable makes no sense."""
        user, _, servers = urlsplit(url).netloc.rpartition("@")
        if not all(_host_and_port(server) for server in servers.split(",")):
            raise ConfigurationError("EDA_BROKER_URL names no cluster: write kafka://host:port[,host:port]")
        replicas = environment.get("EDA_KAFKA_REPLICAS") or "-1"
        if not is_number(replicas.removeprefix("-")):
            raise ConfigurationError(f"EDA_KAFKA_REPLICAS must be a number, and is {replicas!r}")
        return cls(
            servers=servers,
            security=_security(user, environment),
            replicas=int(replicas),
            grow_partitions=_is_on(environment, "EDA_KAFKA_GROW_PARTITIONS"),
            lease=settings.lease,
            grace=settings.grace,
            registry=RegistryOptions.read(environment),
        )

    @property
    def client(self) -> ClientConfig:
        """What every client of librdkafka is made with."""
        return {
            "bootstrap.servers": self.servers,
            "logger": logging.getLogger(f"{__package__}.client"),
            "reconnect.backoff.max.ms": 1000,
            "socket.keepalive.enable": True,
            "allow.auto.create.topics": False,
            **self.security,
        }


def _host_and_port(server: str) -> bool:
    host, _, port = server.rpartition(":")
    return bool(host) and is_number(port)


def _is_on(environment: Mapping[str, str], variable: str) -> bool:
    return environment.get(variable, "").lower() in ("1", "true", "yes", "on")


def _security(user: str, environment: Mapping[str, str]) -> dict[str, str]:
    in_url, _, password_in_url = user.partition(":")
    username = environment.get("EDA_KAFKA_USERNAME") or unquote(in_url)
    password = environment.get("EDA_KAFKA_PASSWORD") or unquote(password_in_url)
    files = {setting: environment[variable] for variable, setting in FILES.items() if environment.get(variable)}
    for variable, setting in FILES.items():
        if setting in files and not os.access(files[setting], os.R_OK):
            raise ConfigurationError(f"{variable} names a file that cannot be read: {files[setting]}")
    if key_password := environment.get("EDA_KAFKA_KEY_PASSWORD"):
        files["ssl.key.password"] = key_password
    encrypted = bool(files) or _is_on(environment, "EDA_KAFKA_TLS")
    protocol = {(False, False): "plaintext", (False, True): "ssl", (True, False): "sasl_plaintext"}
    found = {"security.protocol": protocol.get((bool(username), encrypted), "sasl_ssl"), **files}
    if username:
        mechanism = environment.get("EDA_KAFKA_SASL_MECHANISM") or "SCRAM-SHA-512"
        found |= {"sasl.mechanism": mechanism, "sasl.username": username, "sasl.password": password}
    return found
