"""Bindings: what a document says for one protocol. A module holds the tables of a family of protocols, by version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Literal

from eda_gen.asyncapi.grammar.bindings import clouds, logs, queues, web
from eda_gen.asyncapi.grammar.bindings.table import Binding
from eda_gen.asyncapi.grammar.types import TEXT, Findings, Object, RefOr, Switch, Type, merged
from eda_gen.diagnostics import Severity
from eda_gen.source import Node

__all__ = ["bindings"]

Owner = Literal["server", "channel", "operation", "message"]

_WITHOUT_TABLE = ("amqp1", "mercure", "mqtt5", "redis", "stomp")
"""Protocols whose bindings the specification names and leaves empty."""

_ALL: tuple[Binding, ...] = (*logs.BINDINGS, *queues.BINDINGS, *web.BINDINGS, *clouds.BINDINGS)


@cache
def bindings(owner: Owner, *, strict: bool) -> Object:
    """The bindings object of a kind of owner. Strict, a protocol that the specification does not name is an error (3.x)."""
    protocols = sorted({each.protocol for each in _ALL} | set(_WITHOUT_TABLE))
    fields: Mapping[str, Type] = {protocol: _of_protocol(owner, protocol) for protocol in protocols}
    if strict:
        return Object(f"{owner} bindings object", fields)
    return Object(f"{owner} bindings object", fields, open=True, rules=(_unknown_protocols,))


def _unknown_protocols(node: Node, findings: Findings) -> None:
    known = {each.protocol for each in _ALL} | set(_WITHOUT_TABLE)
    for name in node.fields:
        if name not in known and not name.startswith("x-"):
            message = f"the specification has no bindings for the protocol `{name}`"
            findings.report("16", message, node.key_span(name), severity=Severity.WARNING)


def _of_protocol(owner: Owner, protocol: str) -> Type:
    """By `bindingVersion`; without one the latest is meant, but what an older one had passes too."""
    versions = [each for each in _ALL if each.protocol == protocol and each.owner == owner]
    if not versions:
        return RefOr(Object(f"{protocol} binding", open=True))
    by_number = {_number(each.version): _object(each, each.fields) for each in versions}
    every = merged(*(each.fields for each in versions))
    latest = versions[-1]
    any_version = _object(latest, every)

    def choose(node: Node) -> Type:
        written = node.text_at("bindingVersion")
        number = _number(written or "")
        if number is None:
            return any_version
        not_newer = [each for each in by_number if each is not None and each <= number]
        return by_number[max(not_newer)] if not_newer else any_version

    return RefOr(Switch(choose))


def _object(binding: Binding, fields: Mapping[str, Type]) -> Object:
    known = merged(fields, {"bindingVersion": TEXT})
    return Object(f"{binding.protocol} {binding.owner} binding", known, binding.required, rules=binding.rules)


def _number(version: str) -> tuple[int, ...] | None:
    return (
        tuple(int(part) for part in version.split(".")) if re.fullmatch(r"\d{1,4}(\.\d{1,4}){1,3}", version) else None
    )
