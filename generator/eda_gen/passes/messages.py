"""Messages, each once, under the place where it is written."""

from __future__ import annotations

from eda_gen.asyncapi import eda
from eda_gen.asyncapi.traits import with_traits
from eda_gen.model import Kind, Message, MessageId, SchemaId
from eda_gen.passes import defaults
from eda_gen.passes.context import Context
from eda_gen.passes.schemas import SchemaTable
from eda_gen.source import Node
from eda_gen.source.node import unescape

__all__ = ["MessageTable"]


class MessageTable:
    """The messages met so far. Their kinds are what their own text says; `kinds` settles the rest."""

    def __init__(self, context: Context, schemas: SchemaTable) -> None:
        self._context = context
        self._schemas = schemas
        self.messages: dict[MessageId, Message] = {}
        self.stated_kinds: dict[MessageId, Kind] = {}

    def take(self, node: Node) -> MessageId | None:
        """Add what stands at a node, or where its `$ref` leads."""
        written = self._context.resolve(node)
        if written is None:
            return None
        message_id = MessageId(written.id)
        if message_id not in self.messages:
            self.messages[message_id] = self._read(message_id, written)
        return message_id

    def take_all(self, nodes: tuple[Node, ...]) -> tuple[MessageId, ...]:
        taken = (self.take(node) for node in nodes)
        return tuple(dict.fromkeys(found for found in taken if found is not None))

    def _read(self, message_id: MessageId, written: Node) -> Message:
        node = with_traits(written, self._context.workspace)
        extension = node.get("x-eda")
        name, version = self._name(node, extension)
        kind = eda.kind(extension)
        if kind is not None:
            self.stated_kinds[message_id] = kind
        payload = self._schemas.take(node.get("payload"), name)
        return Message(
            id=message_id,
            name=name,
            version=version,
            kind=kind or Kind.EVENT,
            type=defaults.message_type(self._context.domain_of(written), name, version),
            payload=payload,
            headers=self._schemas.take(node.get("headers"), f"{name}Headers"),
            content_type=node.text_at("contentType") or self._context.content_type_of(written),
            title=self._context.text(node, "title") or name,
            description=self._context.text(node, "description", "summary"),
            span=written.span,
            key=eda.text(extension, "key") or self._key_of_binding(node, payload),
            dedupe=eda.text(extension, "dedupe"),
            correlation=self._correlation(node),
            pii=eda.texts(extension, "pii"),
            upcast=eda.upcast(extension),
            deprecated=eda.deprecation(extension),
            sla=eda.sla(extension),
            tags=tuple(tag for each in self._context.resolved_items(node.get("tags")) if (tag := each.text_at("name"))),
            bindings=self._context.bindings(node),
            examples=tuple(each.fields["payload"].plain() for each in _examples(node)),
        )

    def _name(self, node: Node, extension: Node | None) -> tuple[str, int]:
        key = unescape(node.pointer.rsplit("/", 1)[-1]) or node.file.rsplit("/", 1)[-1].split(".", 1)[0]
        return defaults.name_and_version(node.text_at("name"), key, eda.integer(extension, "version"))

    def _correlation(self, node: Node) -> str | None:
        found = self._context.resolve(node.get("correlationId"))
        return found.text_at("location") if found is not None else None

    def _key_of_binding(self, node: Node, payload: SchemaId | None) -> str | None:
        """The property that a Kafka key and a payload share by one `$ref`: nothing else in a binding names a place."""
        bindings = self._context.resolve(node.get("bindings"))
        kafka = self._context.resolve(bindings.get("kafka")) if bindings is not None else None
        schema = self._context.resolve(kafka.get("key")) if kafka is not None else None
        schema_of_payload = self._schemas.schemas.get(payload) if payload is not None else None
        body = schema_of_payload.body if schema_of_payload is not None else None
        properties = body.get("properties") if isinstance(body, dict) else None
        if schema is None or not isinstance(properties, dict):
            return None
        same = [name for name, each in properties.items() if isinstance(each, dict) and each.get("$ref") == schema.id]
        return f"$message.payload#/{same[0]}" if len(same) == 1 else None


def _examples(node: Node) -> tuple[Node, ...]:
    examples = node.get("examples")
    return tuple(each for each in (examples.items if examples is not None else ()) if each.get("payload") is not None)
