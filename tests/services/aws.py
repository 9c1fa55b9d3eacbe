"""What the emulators of EventBridge and SQS have in common: their URLs, credentials that are good for nobody else, and a reset."""

from __future__ import annotations

import os
import urllib.request
from urllib.parse import parse_qs, urlsplit

__all__ = ["REGION", "reset", "shield", "url_of"]

REGION = "eu-central-1"
NOBODY = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_SESSION_TOKEN": "",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
"""Credentials that are good for emulators alone."""


def url_of(port: int) -> str:
    return f"eventbridge://{REGION}?endpoint=http://127.0.0.1:{port}"


def shield(external: str) -> None:
    """Let no test reach an account of AWS, unless the URL in `external` tells the run to use one."""
    if "endpoint=" in os.environ.get(external, "endpoint="):
        os.environ.update(NOBODY)


def reset(url: str, path: str) -> None:
    """Have the emulator at `url` forget every bus, rule, archive and queue."""
    (endpoint,) = parse_qs(urlsplit(url).query)["endpoint"]
    with urllib.request.urlopen(urllib.request.Request(f"{endpoint}{path}", method="POST"), timeout=10):
        return
