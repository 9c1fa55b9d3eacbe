"""Names of NATS: a stream an address, a subject a partition (`<address>.p<n>`), a consumer a group and partition, and a
key-value bucket a group, in which its workers deal out partitions."""

from __future__ import annotations

import re

from eda_gen.diagnostics import Diagnostic
from eda_gen.emit.deploy.text import dotless
from eda_gen.emit.deploy.topology import Topic

__all__ = ["bucket_name", "consumer_name", "inbox_prefix", "stream_name", "subject_problem", "subjects"]

_PARAMETER = re.compile(r"\{[^{}]*\}")
_TOKEN = re.compile(r"[^\s.*>\x00-\x1f\x7f]+")


def subjects(topic: Topic) -> tuple[str, ...]:
    """The subjects of an address, by partition; a parameter is `*`."""
    base = ".".join("*" if _PARAMETER.search(token) else token for token in topic.address.split("."))
    return tuple(f"{base}.p{number}" for number in range(topic.partitions))


def stream_name(address: str) -> str:
    return dotless(_PARAMETER.sub("{}", address), 120)


def consumer_name(group: str, partition: int) -> str:
    return dotless(f"{group}.p{partition}", 120)


def bucket_name(group: str) -> str:
    return dotless(f"{group}.leases", 120)


def inbox_prefix(service: str) -> str:
    """Of the subjects at which the server answers a service and hands it messages."""
    return f"_INBOX_{dotless(service, 120)}"


def subject_problem(topic: Topic) -> Diagnostic | None:
    """NATS's rule for subjects (and the runtime's: it cannot use another subject than the spec's)."""
    tokens = _PARAMETER.sub("x", topic.address).split(".")
    if all(map(_TOKEN.fullmatch, tokens)) and not topic.address.startswith(("$", "_INBOX.", "_INBOX_")):
        return None
    told = (
        f"{topic.address!r} cannot be a subject: tokens between dots, without blanks, `*`, `>`; none of `$…`, `_INBOX…`"
    )
    return Diagnostic("EDA195", told, topic.span, "choose another address")
