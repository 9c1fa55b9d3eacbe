"""Names on NATS, as `eda-gen` writes them: a stream an address, a subject a partition, a consumer a group and partition."""

from __future__ import annotations

import hashlib
import re

from eda_runtime.transports.addresses import normal_address

__all__ = [
    "address_of",
    "check_name",
    "consumer_name",
    "inbox_prefix",
    "ledger_stream",
    "ledger_subjects",
    "stream_name",
    "subject",
]

TOKEN = re.compile(r"[^\s.*>\x00-\x1f\x7f]+")
LONGEST = 120
DIGITS = 8


def check_name(address: str) -> str | None:
    """Why an address cannot be a subject, if so."""
    tokens = normal_address(address).replace("{}", "x").split(".")
    if all(map(TOKEN.fullmatch, tokens)) and not address.startswith(("$", "_INBOX.", "_INBOX_")):
        return None
    return (
        f"{address!r} cannot be a NATS subject: it has tokens between dots, without blanks, '*' and '>',"
        " and does not begin with '$', '_INBOX.' or '_INBOX_'"
    )


def subject(address: str, partition: int) -> str:
    """The subject of a partition; a token with a parameter is `*`."""
    tokens = normal_address(address).split(".")
    return ".".join("*" if "{}" in token else token for token in tokens) + f".p{partition}"


def address_of(subject: str) -> str:
    return subject.rpartition(".p")[0]


def stream_name(address: str) -> str:
    return dotless(normal_address(address))


def consumer_name(group: str, partition: int) -> str:
    return dotless(f"{group}.p{partition}")


def ledger_stream(group: str) -> str:
    """The key-value bucket in which the workers of a group deal out partitions."""
    return "KV_" + dotless(f"{group}.leases")


def ledger_subjects(stream: str) -> str:
    return f"$KV.{stream.removeprefix('KV_')}.>"


def inbox_prefix(service: str) -> str:
    """Of the subjects at which the server answers a service and hands it messages: no other service may listen there."""
    return f"_INBOX_{dotless(service)}" if service else "_INBOX"


def dotless(text: str) -> str:
    """A dot becomes `_`. A text that has a `_` already, or more that is illegal, is followed by digits of its SHA-256."""
    name = text.replace(".", "_")
    if "_" not in text and re.fullmatch("[A-Za-z0-9_-]+", name) and len(name) <= LONGEST:
        return name
    cleaned = re.sub("[^A-Za-z0-9_-]", "_", text)
    digits = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:DIGITS]
    return f"{cleaned[: LONGEST - DIGITS - 1]}_{digits}"
