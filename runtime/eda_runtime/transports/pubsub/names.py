"""Names in a project, as `eda-gen` writes them: a topic an address, a subscription a consumer."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

from eda_runtime.contracts import ReceivePolicy

__all__ = ["candidates", "short", "snapshot_path", "subscription_ids", "subscription_path", "topic_id", "topic_path"]

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


def subscription_ids(receives: Iterable[ReceivePolicy]) -> list[tuple[ReceivePolicy, str]]:
    """Each consumer with its subscription: the group's name, with the operation's behind it where several share the group."""
    policies = tuple(receives)
    times = Counter(each.group for each in policies)
    return [(each, candidates(each)[times[each.group] == 1]) for each in policies]


def candidates(policy: ReceivePolicy) -> tuple[str, str]:
    """The names that a consumer's subscription may have, the most particular first."""
    return topic_id(f"{policy.group}.{policy.operation}"), topic_id(policy.group)


def topic_path(project: str, topic: str) -> str:
    return f"projects/{project}/topics/{topic}"


def subscription_path(project: str, subscription: str) -> str:
    return f"projects/{project}/subscriptions/{subscription}"


def snapshot_path(project: str, snapshot: str) -> str:
    return f"projects/{project}/snapshots/{snapshot}"


def short(path: str) -> str:
    return path.rpartition("/")[2]
