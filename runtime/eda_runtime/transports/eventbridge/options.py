"""How to reach EventBridge and SQS."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import Settings

__all__ = ["EventBridgeOptions"]

REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+")
EXAMPLE = "write eventbridge://eu-central-1"


@dataclass(frozen=True, slots=True)
class EventBridgeOptions:
    """A region, `eventbridge://REGION[?endpoint=http://127.0.0.1:4566]`. `endpoint` stands in for AWS, as an emulator does.

    Who we are, and all else, AWS's own libraries find in the environment, in files and from the machine's role:

    | variable | meaning |
    | --- | --- |
    | `AWS_PROFILE`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, … | AWS's default chain of credentials |
    | `AWS_CA_BUNDLE` | who signed the endpoints' certificates, where a proxy stands between |
    | `AWS_ENDPOINT_URL_EVENTBRIDGE`, `AWS_ENDPOINT_URL_SQS` | endpoints inside a network of one's own |
    """

    region: str
    endpoint: str | None = None
    lease: timedelta = timedelta(seconds=10)

    @classmethod
    def read(cls, url: str, settings: Settings) -> EventBridgeOptions:
        """Raises `ConfigurationError` where the URL makes no sense."""
        parts = urlsplit(url)
        if not REGION.fullmatch(parts.netloc):
            raise ConfigurationError(f"EDA_BROKER_URL names no AWS region: {EXAMPLE}")
        query = parse_qs(parts.query)
        endpoint = query.pop("endpoint", [None])[-1]
        if query or parts.path.strip("/"):
            raise ConfigurationError(f"EDA_BROKER_URL has more than a region and an endpoint: {EXAMPLE}")
        if endpoint is not None and not _is_server(endpoint):
            raise ConfigurationError("the endpoint in EDA_BROKER_URL is no URL such as http://127.0.0.1:4566")
        return cls(parts.netloc, endpoint, settings.lease)

    @property
    def visibility(self) -> int:
        """Seconds for which a message is ours alone, unless we ask for more."""
        return max(2, math.ceil(self.lease.total_seconds()))

    @property
    def place(self) -> str:
        """Where it is, fit to be printed."""
        host = urlsplit(self.endpoint).netloc.rpartition("@")[2] if self.endpoint else ""
        return f"{self.region} ({host})" if host else self.region


def _is_server(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
