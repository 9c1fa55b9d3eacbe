"""How to reach Pub/Sub: from the URL, and from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import Settings

__all__ = ["PubsubOptions"]

SERVICE = "pubsub.googleapis.com"
CA_FILE = "EDA_PUBSUB_CA_FILE"


@dataclass(frozen=True, slots=True)
class PubsubOptions:
    """A project, `pubsub://PROJECT[?endpoint=…]`, and how we prove who we are: by Google's Application Default Credentials.

    An endpoint is `host[:port]`, reached by TLS with credentials, such as a region's; or `http://host:port`, an emulator's.

    | variable | meaning |
    | --- | --- |
    | `EDA_PUBSUB_ENDPOINT` | the endpoint, where the URL names none |
    | `PUBSUB_EMULATOR_HOST` | `host:port` of an emulator, where neither names an endpoint; Google's clients know it too |
    | `GOOGLE_APPLICATION_CREDENTIALS` | a file of credentials, instead of those of the machine; Google's clients know it too |
    | `EDA_PUBSUB_CA_FILE` | who signed the endpoint's certificate, where that is not a public authority |
    """

    project: str
    endpoint: str = f"{SERVICE}:443"
    emulator: bool = False
    ca_file: str | None = None
    lease: timedelta = timedelta(seconds=10)

    @classmethod
    def read(cls, url: str, settings: Settings, environment: Mapping[str, str] = os.environ) -> PubsubOptions:
        """Raises `ConfigurationError` where the URL or a variable makes no sense."""
        parts = urlsplit(url)
        asked = parse_qs(parts.query)
        if not parts.netloc or "@" in parts.netloc or parts.path.strip("/") or asked.keys() - {"endpoint"}:
            raise ConfigurationError("EDA_BROKER_URL names no project: write pubsub://PROJECT or …?endpoint=host:port")
        ca_file = environment.get(CA_FILE) or None
        if ca_file and not os.access(ca_file, os.R_OK):
            raise ConfigurationError(f"{CA_FILE} names a file that cannot be read: {ca_file}")
        emulator = environment.get("PUBSUB_EMULATOR_HOST")
        stated = asked.get("endpoint", [""])[0] or environment.get("EDA_PUBSUB_ENDPOINT")
        endpoint = stated or (f"http://{emulator}" if emulator else SERVICE)
        return cls(
            project=parts.netloc,
            endpoint=_host_and_port(endpoint),
            emulator=endpoint.startswith("http://"),
            ca_file=ca_file,
            lease=settings.lease,
        )

    @property
    def pull_seconds(self) -> float:
        """How long a pull may wait. The emulator answers one second before that, and hands messages also to a pull that was
        cancelled: there a pull must end soon by itself."""
        return 1.25 if self.emulator else 30.0

    @property
    def quiet_seconds(self) -> float:
        """For how long nothing must have come until a range read again is taken to be at its end."""
        return 1.5 if self.emulator else 10.0


def _host_and_port(endpoint: str) -> str:
    try:
        parts = urlsplit(endpoint if "//" in endpoint else f"https://{endpoint}")
        if parts.hostname and parts.scheme in ("http", "https") and "@" not in endpoint:
            return f"{parts.hostname}:{parts.port or 443}"
    except ValueError:
        pass
    shown = endpoint.rpartition("@")[2]
    raise ConfigurationError(
        f"{shown!r} is no endpoint of Pub/Sub: write host[:port], or http://host:port for an emulator"
    )
