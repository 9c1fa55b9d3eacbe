"""AsyncAPI 2.x to 3.x, in memory. Every node keeps the place where its text is written.

What 2.x calls `publish` is what others publish and this application receives; `subscribe` is what it sends
(AsyncAPI 3.0, release notes: the operation keyword).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from eda_gen.asyncapi.traits import with_traits
from eda_gen.diagnostics import Span
from eda_gen.source import Node, Workspace
from eda_gen.source.node import escape

__all__ = ["upgrade"]

_ACTIONS: Mapping[str, str] = MappingProxyType({"publish": "receive", "subscribe": "send"})
_ENDINGS: Mapping[str, str] = MappingProxyType({"publish": "In", "subscribe": "Out"})
"""Of names made for messages, where a channel goes both ways."""

_URL = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://)?(?P<host>[^/]*)(?P<pathname>/.*)?\Z", re.DOTALL)


def upgrade(root: Node, workspace: Workspace) -> Node:
    """The document as 3.x. References to its parts, and to fragments that it uses, then lead to upgraded ones too."""
    upgrader = _Upgrader(root, workspace)
    whole = upgrader.document()
    workspace.replace((*upgrader.done.values(), whole))
    return whole


class _Upgrader:
    def __init__(self, root: Node, workspace: Workspace) -> None:
        self._root = root
        self._workspace = workspace
        self._operations: dict[str, Node] = {}
        self.done: dict[str, Node] = {}
        """What was upgraded, by the place where it is written."""

    def document(self) -> Node:
        fields = dict(self._root.fields)
        moved: dict[str, Node] = {name: fields.pop(name) for name in ("tags", "externalDocs") if name in fields}
        info = fields["info"]
        fields["info"] = info.replace({**moved, **info.fields})
        if "servers" in fields:
            fields["servers"] = self._each(fields["servers"], self._server)
        channels = fields["channels"]
        fields["channels"] = channels.replace(
            {name: self._channel(name, each) for name, each in channels.fields.items()}
        )
        if "components" in fields:
            fields["components"] = self._components(fields["components"])
        fields["operations"] = _mapping(self._operations, self._root, "operations")
        return self._root.replace(fields)

    def _components(self, node: Node) -> Node:
        """Components that changed. Channel items are gone: they were read where `channels` refers to them."""
        upgraders = {"messages": self._message, "servers": self._server, "parameters": self._parameter}
        kept = {name: each for name, each in node.fields.items() if name != "channels"}
        return node.replace(
            {name: self._each(each, upgraders[name]) if name in upgraders else each for name, each in kept.items()}
        )

    def _each(self, node: Node, upgrader: Callable[[Node], Node]) -> Node:
        return node.replace({name: self._in_place(each, upgrader) for name, each in node.fields.items()})

    def _in_place(self, node: Node, upgrader: Callable[[Node], Node]) -> Node:
        """Upgrade what a node stands for, once; a reference stays one, and leads to it."""
        written = self._workspace.resolve(node)
        if written is None:
            return node
        if written.id not in self.done:
            self.done[written.id] = upgrader(written)
        return node if node.ref is not None else self.done[written.id]

    def _server(self, node: Node) -> Node:
        fields = dict(node.fields)
        url = fields.pop("url")
        match = _URL.match(url.text or "")
        if match is not None:
            fields["host"] = _text(match["host"], url)
            if match["pathname"]:
                fields["pathname"] = _text(match["pathname"], url)
        if "security" in fields:
            fields["security"] = self._security(fields["security"])
        return node.replace(fields)

    def _security(self, node: Node) -> Node:
        """Names of schemes become references to them."""
        named = [(each, name) for each in node.items for name in each.fields]
        references = [
            _reference(f"#/components/securitySchemes/{escape(name)}", each, each.key_span(name))
            for each, name in named
        ]
        return Node(tuple(references), node.span, node.file, node.pointer)

    def _channel(self, address: str, node: Node) -> Node:
        written = self._workspace.resolve(node) or node
        fields = {name: each for name, each in written.fields.items() if name in ("description", "bindings", "x-eda")}
        fields["address"] = Node(address, written.span, written.file, f"{written.pointer}/address")
        if "parameters" in written.fields:
            fields["parameters"] = self._each(written.fields["parameters"], self._parameter)
        if "servers" in written.fields:
            listed = written.fields["servers"]
            servers = [_reference(f"#/servers/{escape(each.text or '')}", each, each.span) for each in listed.items]
            fields["servers"] = Node(tuple(servers), listed.span, listed.file, listed.pointer)
        read = {action: each for action in _ACTIONS if (each := written.get(action)) is not None}
        operations = {action: with_traits(each, self._workspace, traits_win=True) for action, each in read.items()}
        endings = _ENDINGS if len(operations) > 1 else {}
        messages = {
            action: self._messages(each, f"{_pascal(address) or 'Message'}{endings.get(action, '')}")
            for action, each in operations.items()
        }
        every = {key: message for each in messages.values() for key, message in each.items()}
        fields["messages"] = _mapping(every, written, "messages")
        channel = Node(MappingProxyType(fields), node.span, node.file, node.pointer, written.keys)
        for action, operation in operations.items():
            self._operation(action, operation, channel, tuple(messages[action].values()), address)
        return channel

    def _operation(self, action: str, node: Node, channel: Node, messages: tuple[Node, ...], address: str) -> None:
        fields = {name: each for name, each in node.fields.items() if name not in ("operationId", "message", "traits")}
        if "security" in fields:
            fields["security"] = self._security(fields["security"])
        fields["action"] = Node(_ACTIONS[action], node.span, node.file, f"{node.pointer}/action")
        fields["channel"] = channel
        fields["messages"] = Node(messages, node.span, node.file, f"{node.pointer}/messages")
        prefix = "on" if action == "publish" else "send"
        name = node.text_at("operationId") or f"{prefix}{_pascal(address) or 'Message'}"
        self._operations[_free(name, self._operations)] = node.replace(fields)

    def _messages(self, operation: Node, default: str) -> dict[str, Node]:
        """The messages of an operation by key: a component's own; for one written here, a name made for it."""
        field = operation.get("message")
        message = self._workspace.resolve(field) if field is not None else None
        if field is None or message is None:
            return {}
        several = message.get("oneOf")
        base = _pascal(operation.text_at("operationId") or "") or default
        found: dict[str, Node] = {}
        for number, each in enumerate(several.items if several is not None else (field,), 1):
            name = f"{base}{number}" if several is not None and len(several.items) > 1 else base
            upgraded = self._in_place(each, self._message if each.ref is not None else partial(self._named, name))
            key = (each.ref.text or "").rsplit("/", 1)[-1] if each.ref is not None else name
            found[_free(key, found)] = upgraded
        return found

    def _named(self, name: str, node: Node) -> Node:
        """A message that is written in an operation has no key to be called by."""
        upgraded = self._message(node)
        if "name" in upgraded.fields:
            return upgraded
        named = upgraded.get("messageId") or Node(name, node.span, node.file, f"{node.pointer}/name")
        return upgraded.replace({**upgraded.fields, "name": named})

    def _message(self, node: Node) -> Node:
        fields = dict(with_traits(node, self._workspace, traits_win=True).fields)
        media_type, payload = fields.pop("schemaFormat", None), fields.get("payload")
        if media_type is not None and payload is not None:
            wrapped = MappingProxyType({"schemaFormat": media_type, "schema": payload})
            fields["payload"] = Node(wrapped, payload.span, payload.file, payload.pointer)
        return node.replace(fields)

    def _parameter(self, node: Node) -> Node:
        """The schema of a parameter shrinks to what 3.x has: `enum`, `default` and `examples`, of text."""
        fields = {name: each for name, each in node.fields.items() if name != "schema"}
        schema = self._workspace.resolve(node.fields["schema"]) if "schema" in node.fields else None
        for name in ("enum", "default", "examples"):
            found = schema.get(name) if schema is not None else None
            if found is not None:
                fields[name] = found
        return node.replace(fields)


def _mapping(fields: Mapping[str, Node], owner: Node, name: str) -> Node:
    return Node(MappingProxyType(dict(fields)), owner.span, owner.file, f"{owner.pointer}/{name}")


def _text(value: str, like: Node) -> Node:
    return Node(value, like.span, like.file, like.pointer)


def _reference(text: str, like: Node, span: Span) -> Node:
    """A Reference Object in the place of a name."""
    pointer = f"{like.pointer}/{escape(text)}"
    ref = Node(text, span, like.file, f"{pointer}/$ref")
    return Node(MappingProxyType({"$ref": ref}), span, like.file, pointer)


def _pascal(text: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^A-Za-z0-9]+", text))


def _free(name: str, taken: Mapping[str, Node]) -> str:
    """A name that is not taken yet."""
    number, free = 2, name
    while free in taken:
        free, number = f"{name}{number}", number + 1
    return free
