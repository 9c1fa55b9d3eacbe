"""Names that AWS allows, made by rules that need no other name: what is legal stays as it is."""

from __future__ import annotations

import re

from eda_gen.emit.deploy.text import digest, dotless, legal

__all__ = ["archive_name", "bus_name", "logical_id", "queue_name", "rule_name"]


def bus_name(address: str) -> str:
    """Of an event bus: letters, digits, `.`, `-` and `_`, up to 256; `default` and `aws.…` are AWS's own."""
    name = legal(address, "A-Za-z0-9._-", 256)
    return f"bus-{name}-{digest(address)}" if name == "default" or name.startswith("aws.") else name


def archive_name(address: str) -> str:
    return legal(address, "A-Za-z0-9._-", 48)


def rule_name(group: str, address: str, *, several: bool) -> str:
    """The group's name; with the address's digits where it reads several."""
    return legal(f"{group}.{digest(address)}" if several else group, "A-Za-z0-9._-", 64)


def queue_name(text: str) -> str:
    """Of an SQS queue: letters, digits, `-` and `_`, up to 80."""
    return dotless(text, 80)


def logical_id(text: str) -> str:
    """Of a CloudFormation resource: letters and digits only, so the digits of the whole text follow the words."""
    words = re.findall(r"[A-Za-z0-9]+", text)
    return "".join(word[:1].upper() + word[1:] for word in words)[:200] + digest(text)
