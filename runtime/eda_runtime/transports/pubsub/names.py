"""Names in a project, as `eda-gen` writes them: a topic an address, a subscription a consumer."""

from __future__ import annotations

import hashlib
import re

from eda_runtime.contracts import ReceivePolicy

__all__ = ["short", "snapshot_path", "subscription_id", "subscription_path", "topic_id", "topic_path"]

LONGEST = 240
DIGITS = 8


def topic_id(address: str) -> str:
    """The address where it is a legal name; else cleaned, with digits of its SHA-256 behind."""
    cleaned = re.sub("[^A-Za-z0-9._~+%-]", "-", address)
    digits = hashlib.sha256(address.encode(errors="surrogatepass")).hexdigest()[:DIGITS]
    if cleaned != address or not 0 < len(address) <= LONGEST:
        cleaned = f"{cleaned[: LONGEST - DIGITS - 1]}-{digits}"
    fine = re.match("[A-Za-z]", cleaned) and len(cleaned) >= 3 and not cleaned.lower().startswith("goog")
    return cleaned if fine else f"x-{cleaned}-{digits}"


def subscription_id(policy: ReceivePolicy) -> str:
    """The group's name; with the operation's behind it unless it ends so, as several operations may share a group."""
    named = policy.group.endswith(f".{policy.operation}")
    return topic_id(policy.group if named else f"{policy.group}.{policy.operation}")


def topic_path(project: str, topic: str) -> str:
    return f"projects/{project}/topics/{topic}"


def subscription_path(project: str, subscription: str) -> str:
    return f"projects/{project}/subscriptions/{subscription}"


def snapshot_path(project: str, snapshot: str) -> str:
    return f"projects/{project}/snapshots/{snapshot}"


def short(path: str) -> str:
    return path.rpartition("/")[2]
