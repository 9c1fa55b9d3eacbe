"""Channels and servers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from eda_gen.asyncapi import eda
from eda_gen.model import Channel, Json, Parameter, Server
from eda_gen.passes import defaults
from eda_gen.passes.context import Context
from eda_gen.passes.messages import MessageTable
from eda_gen.source import Node
from eda_gen.source.node import unescape

__all__ = ["ChannelTable", "read_server", "scheme_names"]


class ChannelTable:
    """The channels met so far, each once, under the place where it is written."""

    def __init__(self, context: Context, messages: MessageTable) -> None:
        self._context = context
        self._messages = messages
        self.channels: dict[str, Channel] = {}

    def take(self, node: Node) -> Channel | None:
        """Add what stands at a node, or where its `$ref` leads."""
        written = self._context.resolve(node)
        if written is None:
            return None
        if written.id not in self.channels:
            self.channels[written.id] = self._read(written)
        return self.channels[written.id]

    def _read(self, node: Node) -> Channel:
        extension = node.get("x-eda")
        bindings = self._context.bindings(node)
        messages = node.get("messages")
        return Channel(
            id=node.id,
            name=unescape(node.pointer.rsplit("/", 1)[-1]),
            address=node.text_at("address"),
            title=self._context.text(node, "title"),
            description=self._context.text(node, "description", "summary"),
            parameters=tuple(self._parameter(name, each) for name, each in _members(node, "parameters")),
            messages=self._messages.take_all(tuple(messages.fields.values()) if messages is not None else ()),
            servers=tuple(_last_step(each) for each in eda.nodes(node, "servers")),
            partitions=_kafka_partitions(bindings) or eda.integer(extension, "partitions") or defaults.PARTITIONS,
            retention=_kafka_retention(bindings) or eda.duration(extension, "retention") or defaults.RETENTION,
            ordering=eda.ordering(extension),
            bindings=bindings,
            span=node.span,
        )

    def _parameter(self, name: str, node: Node) -> Parameter:
        found = self._context.resolve(node) or node
        return Parameter(
            name=name,
            description=self._context.text(found, "description"),
            enum=eda.texts(found, "enum"),
            default=found.text_at("default"),
            location=found.text_at("location"),
        )


def read_server(name: str, node: Node, context: Context) -> Server:
    return Server(
        name=name,
        host=context.text(node, "host"),
        protocol=context.text(node, "protocol"),
        pathname=context.text(node, "pathname"),
        description=context.text(node, "description", "summary"),
        security=scheme_names(node),
        bindings=context.bindings(node),
        span=node.span,
    )


def scheme_names(node: Node) -> tuple[str, ...]:
    """The security schemes that an object names; one that is written in place is called by its type."""
    return tuple(
        _last_step(each) if each.ref is not None else each.text_at("type") or "" for each in eda.nodes(node, "security")
    )


def _members(node: Node, name: str) -> tuple[tuple[str, Node], ...]:
    found = node.get(name)
    return tuple(found.fields.items()) if found is not None else ()


def _last_step(reference: Node) -> str:
    ref = reference.ref
    return unescape((ref.text or "").rsplit("/", 1)[-1]) if ref is not None else ""


def _kafka(bindings: Json) -> Mapping[str, Json]:
    kafka = bindings.get("kafka") if isinstance(bindings, Mapping) else None
    return kafka if isinstance(kafka, Mapping) else {}


def _kafka_partitions(bindings: Json) -> int | None:
    found = _kafka(bindings).get("partitions")
    return found if isinstance(found, int) and found > 0 else None


def _kafka_retention(bindings: Json) -> timedelta | None:
    """Kafka's -1 is for ever: the longest that can be said."""
    topic = _kafka(bindings).get("topicConfiguration")
    found = topic.get("retention.ms") if isinstance(topic, Mapping) else None
    if not isinstance(found, int):
        return None
    return (
        timedelta(milliseconds=min(found, defaults.FOREVER // timedelta(milliseconds=1)))
        if found >= 0
        else defaults.FOREVER
    )
