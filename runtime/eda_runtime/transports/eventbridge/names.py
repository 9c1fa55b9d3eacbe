"""What AWS calls the bus of an address and the queue of a group: the names that deployment files give them, too."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

from eda_runtime.contracts import ReceivePolicy

__all__ = ["archive_name", "bus_name", "group_names", "legal", "queue_name", "queues_of", "rule_name"]

SCHEME = "eventbridge"
DIGITS = 8


def bus_name(address: str) -> str:
    """Letters, digits, `.`, `-` and `_`, up to 256; `default` and `aws.…` are AWS's own."""
    name = legal(address, "A-Za-z0-9._-", 256)
    return f"bus-{name}-{digest(address)}" if name == "default" or name.startswith("aws.") else name


def archive_name(address: str) -> str:
    return legal(address, "A-Za-z0-9._-", 48)


def rule_name(group: str) -> str:
    return legal(group, "A-Za-z0-9._-", 64)


def queue_name(text: str) -> str:
    """Letters, digits, `-` and `_`, up to 80: a dot becomes `_`, and what has a `_` of its own gets its digits."""
    name = text.replace(".", "_")
    if "_" not in text and re.fullmatch("[A-Za-z0-9_-]+", name) and len(name) <= 80:
        return name
    cleaned = re.sub("[^A-Za-z0-9_-]", "_", text)
    return f"{cleaned[: 80 - DIGITS - 1]}_{digest(text)}"


def group_names(receives: Iterable[ReceivePolicy]) -> list[tuple[ReceivePolicy, str]]:
    """Each group as its queue and rule are called: with its operation where several operations share the group."""
    policies = tuple(receives)
    times = Counter(each.group for each in policies)
    return [(each, each.group if times[each.group] == 1 else f"{each.group}.{each.operation}") for each in policies]


def queues_of(policy: ReceivePolicy) -> list[str]:
    """The names that the group's queue may have, the most particular first."""
    if stated := policy.names.get(SCHEME):
        return [legal(stated, "A-Za-z0-9_-", 80)]
    return [queue_name(f"{policy.group}.{policy.operation}"), queue_name(policy.group)]


def legal(text: str, allowed: str, longest: int) -> str:
    """`text` where it is legal; else without what is not, cut, and followed by eight digits of its SHA-256."""
    cleaned = re.sub(f"[^{allowed}]", "-", text)
    if cleaned == text and 0 < len(text) <= longest:
        return text
    return f"{cleaned[: longest - DIGITS - 1]}-{digest(text)}"


def digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:DIGITS]
