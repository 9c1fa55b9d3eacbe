"""AsyncAPI 2.0 to 2.6."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from eda_gen.asyncapi.grammar import eda
from eda_gen.asyncapi.grammar.bindings import bindings
from eda_gen.asyncapi.grammar.common import (
    CONTACT,
    CORRELATION_ID,
    EXAMPLE,
    EXTERNAL_DOCS,
    LICENSE,
    TAGS,
    names_in_braces,
    variables_defined,
)
from eda_gen.asyncapi.grammar.formats import (
    CHANNEL_NAME,
    COMPONENT_KEY,
    EXPRESSION,
    MEDIA_TYPE,
    NAME_KEY,
    SERVER_URL,
    URI,
    URL,
)
from eda_gen.asyncapi.grammar.schema import SCHEMA, headers_are_object, schema_of_format
from eda_gen.asyncapi.grammar.security import REQUIREMENT, scheme, schemes_named
from eda_gen.asyncapi.grammar.types import (
    ANYTHING,
    TEXT,
    Entries,
    Findings,
    Items,
    Object,
    RefOr,
    Switch,
    Type,
    merged,
)
from eda_gen.diagnostics import Severity
from eda_gen.source import Node

__all__ = ["document"]

_NO_FIELDS: Mapping[str, Type] = {}
_KEY_IS = "of letters, digits, `.`, `_` and `-`"
_NAME_IS = "of letters, digits, `_` and `-`"


@cache
def document(minor: int) -> Object:
    """The AsyncAPI Object of 2.`minor`."""
    servers = _servers(minor)
    channels = _channels(minor)
    about: Mapping[str, Type] = {"title": TEXT, "version": TEXT, "description": TEXT, "termsOfService": URL}
    people: Mapping[str, Type] = {"contact": CONTACT, "license": LICENSE, "x-eda": eda.INFO}
    info = Object("Info Object", merged(about, people), ("title", "version"))
    return Object(
        "AsyncAPI Object",
        {
            "asyncapi": TEXT,
            "id": URI,
            "info": info,
            "servers": servers,
            "defaultContentType": MEDIA_TYPE,
            "channels": channels,
            "components": _components(minor),
            "tags": TAGS,
            "externalDocs": EXTERNAL_DOCS,
            "x-eda": eda.document(_message(minor)),
        },
        ("asyncapi", "info", "channels"),
        rules=(_security_named, _ids_unique, _channel_servers_named),
    )


@cache
def _servers(minor: int) -> Entries:
    server = _server(minor)
    return Entries(RefOr(server) if minor >= 3 else server, NAME_KEY, _NAME_IS)


@cache
def _server(minor: int) -> Object:
    return Object(
        "Server Object",
        merged(
            {
                "url": SERVER_URL,
                "protocol": TEXT,
                "protocolVersion": TEXT,
                "description": TEXT,
                "variables": _variables(minor),
                "security": Items(REQUIREMENT),
                "bindings": RefOr(bindings("server", strict=False)),
            },
            {"tags": TAGS} if minor >= 5 else _NO_FIELDS,
        ),
        ("url", "protocol"),
        rules=(lambda node, findings: variables_defined(node, findings, "url"),),
    )


@cache
def _variables(minor: int) -> Entries:
    return Entries(RefOr(_VARIABLE) if minor >= 4 else _VARIABLE)


_VARIABLE = Object(
    "Server Variable Object",
    {"enum": Items(TEXT, unique=True), "default": TEXT, "description": TEXT, "examples": Items(TEXT)},
)


@cache
def _channels(minor: int) -> Entries:
    return Entries(
        _channel(minor),
        CHANNEL_NAME,
        "a URI template without query (`?`) and fragment (`#`)",
        rules=(_parameters_defined,),
    )


@cache
def _channel(minor: int) -> Type:
    operation = _operation(minor)
    item = Object(
        "Channel Item Object",
        merged(
            {
                "$ref": TEXT,
                "description": TEXT,
                "subscribe": operation,
                "publish": operation,
                "parameters": _parameters(),
                "bindings": RefOr(bindings("channel", strict=False)),
                "x-eda": eda.CHANNEL,
            },
            {"servers": Items(TEXT, unique=True)} if minor >= 2 else _NO_FIELDS,
        ),
    )
    return RefOr(item)


@cache
def _parameters() -> Entries:
    parameter = Object("Parameter Object", {"description": TEXT, "schema": SCHEMA, "location": EXPRESSION})
    return Entries(RefOr(parameter), NAME_KEY, _NAME_IS)


@cache
def _operation(minor: int) -> Object:
    return Object(
        "Operation Object",
        merged(
            _operation_fields(minor),
            {
                "traits": Items(RefOr(_operation_trait(minor))),
                "message": _message_or_several(minor),
                "x-eda": eda.operation(_message(minor)),
            },
        ),
    )


@cache
def _operation_trait(minor: int) -> Object:
    return Object(
        "Operation Trait Object",
        merged(_operation_fields(minor), {"x-eda": eda.operation(_message(minor))}),
    )


@cache
def _operation_fields(minor: int) -> Mapping[str, Type]:
    return merged(
        {
            "operationId": TEXT,
            "summary": TEXT,
            "description": TEXT,
            "tags": TAGS,
            "externalDocs": EXTERNAL_DOCS,
            "bindings": RefOr(bindings("operation", strict=False)),
        },
        {"security": Items(REQUIREMENT)} if minor >= 4 else _NO_FIELDS,
    )


@cache
def _message_or_several(minor: int) -> Type:
    """One message, or a mapping whose only field `oneOf` lists several (2.x, Operation Object, message)."""
    several = Object("list of messages", {"oneOf": Items(RefOr(_message(minor)), least=1)}, extensible=False)
    one = _message(minor)
    return RefOr(Switch(lambda node: several if "oneOf" in node.fields else one))


@cache
def _message(minor: int) -> Type:
    traits = Items(RefOr(_message_trait(minor)))
    fields = merged(_message_fields(minor), {"traits": traits, "x-eda": eda.MESSAGE})
    by_format: dict[str | None, Object] = {}

    def choose(node: Node) -> Type:
        media_type = node.text_at("schemaFormat")
        if media_type not in by_format:
            payload = merged(fields, {"payload": schema_of_format(media_type)})
            by_format[media_type] = Object("Message Object", payload, rules=(headers_are_object,))
        return by_format[media_type]

    return Switch(choose)


@cache
def _message_trait(minor: int) -> Object:
    fields = merged(_message_fields(minor), {"x-eda": eda.MESSAGE})
    return Object("Message Trait Object", fields, rules=(headers_are_object,))


@cache
def _message_fields(minor: int) -> Mapping[str, Type]:
    example = (
        EXAMPLE if minor >= 1 else Object("Message Example Object", {"headers": Entries(ANYTHING), "payload": ANYTHING})
    )
    return merged(
        {
            "headers": SCHEMA,
            "correlationId": RefOr(CORRELATION_ID),
            "schemaFormat": MEDIA_TYPE,
            "contentType": MEDIA_TYPE,
            "name": TEXT,
            "title": TEXT,
            "summary": TEXT,
            "description": TEXT,
            "tags": TAGS,
            "externalDocs": EXTERNAL_DOCS,
            "bindings": RefOr(bindings("message", strict=False)),
            "examples": Items(example),
        },
        {"messageId": TEXT} if minor >= 4 else _NO_FIELDS,
    )


def _components(minor: int) -> Object:
    kinds: dict[str, Type] = {
        "schemas": SCHEMA,
        "messages": RefOr(_message(minor)),
        "securitySchemes": RefOr(scheme(minor, v3=False)),
        "parameters": _parameters().of,
        "correlationIds": RefOr(CORRELATION_ID),
        "operationTraits": RefOr(_operation_trait(minor)),
        "messageTraits": RefOr(_message_trait(minor)),
        "serverBindings": RefOr(bindings("server", strict=False)),
        "channelBindings": RefOr(bindings("channel", strict=False)),
        "operationBindings": RefOr(bindings("operation", strict=False)),
        "messageBindings": RefOr(bindings("message", strict=False)),
    }
    if minor >= 3:
        kinds |= {"servers": RefOr(_server(minor)), "channels": _channel(minor)}
    if minor >= 4:
        kinds["serverVariables"] = RefOr(_VARIABLE)
    return Object("Components Object", {name: Entries(kind, COMPONENT_KEY, _KEY_IS) for name, kind in kinds.items()})


def _operations(root: Node, findings: Findings) -> list[Node]:
    """Every operation of the document, with its channel's references followed."""
    places = [root.get("channels"), root.get("components", "channels")]
    items = [
        findings.workspace.resolve(each) for place in places if place is not None for each in place.fields.values()
    ]
    found = [item.get(name) for item in items if item is not None for name in ("subscribe", "publish")]
    return list({each.id: each for each in found if each is not None}.values())


def _security_named(root: Node, findings: Findings) -> None:
    servers = root.get("servers")
    resolved = [findings.workspace.resolve(each) for each in (servers.fields.values() if servers is not None else ())]
    for owner in (*resolved, *_operations(root, findings)):
        security = owner.get("security") if owner is not None else None
        if security is not None:
            schemes_named(root, security, findings)


def _ids_unique(root: Node, findings: Findings) -> None:
    """`operationId` is unique among all operations of the document (2.x, Operation Object)."""
    seen: set[str] = set()
    for operation in _operations(root, findings):
        written = operation.get("operationId")
        if written is not None and written.text is not None:
            if written.text in seen:
                findings.report("07", f"the operationId `{written.text}` is there twice", written.span)
            seen.add(written.text)


def _channel_servers_named(root: Node, findings: Findings) -> None:
    """A channel's servers are names of the document's servers (2.2, Channel Item Object)."""
    servers, channels = root.get("servers"), root.get("channels")
    for channel in channels.fields.values() if channels is not None else ():
        listed = channel.get("servers")
        for item in listed.items if listed is not None else ():
            if item.text is not None and (servers is None or item.text not in servers.fields):
                findings.report("09", f"there is no server `{item.text}`", item.span)


def _parameters_defined(channels: Node, findings: Findings) -> None:
    """Each `{name}` of a channel has a Parameter Object, and no other has. The conformance kit reads documents without."""
    for address, channel in channels.fields.items():
        parameters = channel.get("parameters")
        known = parameters.fields if parameters is not None else {}
        for name in names_in_braces(address):
            if name not in known and channel.ref is None:
                message = f"`{{{name}}}` has no entry in `parameters`: any text is taken"
                findings.report("15", message, channels.key_span(address), severity=Severity.WARNING)
        for name in known:
            if name not in names_in_braces(address) and parameters is not None and NAME_KEY.fullmatch(name):
                message = f"the parameter `{name}` is not in the address"
                findings.report("15", message, parameters.key_span(name), severity=Severity.WARNING)
