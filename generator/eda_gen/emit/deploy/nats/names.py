"""Names of NATS: a stream an address, a subject a partition (`<address>.p<n>`), a consumer a group and partition."""

from __future__ import annotations

import re

from eda_gen.diagnostics import Diagnostic
from eda_gen.emit.deploy.text import legal
from eda_gen.emit.deploy.topology import Topic

__all__ = ["consumer_name", "stream_name", "subject_problem", "subjects"]

_PARAMETER = re.compile(r"\{[^{}]*\}")
_TOKEN = re.compile(r"[^\s.*>\x00-\x1f\x7f]+")


def subjects(topic: Topic) -> tuple[str, ...]:
    """The subjects of an address, by partition; a parameter is `*`."""
    base = ".".join("*" if _PARAMETER.search(token) else token for token in topic.address.split("."))
    return tuple(f"{base}.p{number}" for number in range(topic.partitions))


def stream_name(address: str) -> str:
    """A dot becomes `_` in addresses without one of their own; other addresses follow the rule of `legal`."""
    return _name(_PARAMETER.sub("{}", address))


def consumer_name(group: str, partition: int) -> str:
    return _name(f"{group}.p{partition}")


def subject_problem(topic: Topic) -> Diagnostic | None:
    """NATS's rule for subjects (and the runtime's: it cannot use another subject than the spec's)."""
    tokens = _PARAMETER.sub("x", topic.address).split(".")
    if all(map(_TOKEN.fullmatch, tokens)) and not topic.address.startswith(("$", "_INBOX.")):
        return None
    told = f"{topic.address!r} cannot be a subject: tokens between dots, without blanks, `*`, `>`; none of `$…`"
    return Diagnostic("EDA195", told, topic.span, "choose another address")


def _name(text: str) -> str:
    dotless = text if "_" in text else text.replace(".", "_")
    name = legal(dotless, "A-Za-z0-9_-", 120, "_")
    return name if name == dotless else legal(text, "A-Za-z0-9_-", 120, "_")
