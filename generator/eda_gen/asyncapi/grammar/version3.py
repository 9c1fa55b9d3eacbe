"""AsyncAPI 3.0 and 3.1."""

from __future__ import annotations

import re
from collections.abc import Mapping

from eda_gen.asyncapi.grammar import eda
from eda_gen.asyncapi.grammar.bindings import bindings
from eda_gen.asyncapi.grammar.common import (
    CONTACT,
    CORRELATION_ID,
    EXAMPLE,
    EXTERNAL_DOCS,
    LICENSE,
    TAG,
    TAGS,
    names_in_braces,
    variables_defined,
)
from eda_gen.asyncapi.grammar.formats import COMPONENT_KEY, EXPRESSION, MEDIA_TYPE, NAME_KEY, URI, URL
from eda_gen.asyncapi.grammar.schema import SCHEMA, headers_are_object, schema_of_format
from eda_gen.asyncapi.grammar.security import scheme
from eda_gen.asyncapi.grammar.types import (
    BOOLEAN,
    TEXT,
    Choice,
    Entries,
    Findings,
    Format,
    Items,
    Object,
    Reference,
    RefOr,
    Switch,
    Text,
    Type,
    merged,
)
from eda_gen.diagnostics import Severity
from eda_gen.source import Node

__all__ = ["DOCUMENT"]

_KEY_IS = "of letters, digits, `.`, `_` and `-`"
_NAME_IS = "of letters, digits, `_` and `-`"

_DOCS = RefOr(EXTERNAL_DOCS)
_SECURITY = Items(RefOr(scheme(0, v3=True)))
_ABOUT: Mapping[str, Type] = {"title": TEXT, "summary": TEXT, "description": TEXT, "tags": TAGS, "externalDocs": _DOCS}


def _any_schema(node: Node) -> Type:
    """A Schema Object, or a Multi Format Schema Object, whose `schema` is in the format that it names."""
    if "schemaFormat" not in node.fields or "schema" not in node.fields:
        return SCHEMA
    fields: Mapping[str, Type] = {"schemaFormat": MEDIA_TYPE, "schema": schema_of_format(node.text_at("schemaFormat"))}
    return Object("Multi Format Schema Object", fields, ("schemaFormat", "schema"))


_ANY_SCHEMA = RefOr(Switch(_any_schema))

_VARIABLE = Object(
    "Server Variable Object",
    {"enum": Items(TEXT, unique=True), "default": TEXT, "description": TEXT, "examples": Items(TEXT)},
)

_HOST = Text(Format("a host name, which may have a port: no scheme, no path", lambda text: "/" not in text))

_SERVER = Object(
    "Server Object",
    merged(
        _ABOUT,
        {
            "host": _HOST,
            "protocol": TEXT,
            "protocolVersion": TEXT,
            "pathname": TEXT,
            "variables": Entries(RefOr(_VARIABLE)),
            "security": _SECURITY,
            "bindings": RefOr(bindings("server", strict=True)),
        },
    ),
    ("host", "protocol"),
    rules=(lambda node, findings: variables_defined(node, findings, "host", "pathname"),),
)

_MESSAGE_FIELDS: Mapping[str, Type] = merged(
    _ABOUT,
    {
        "headers": _ANY_SCHEMA,
        "correlationId": RefOr(CORRELATION_ID),
        "contentType": MEDIA_TYPE,
        "name": TEXT,
        "bindings": RefOr(bindings("message", strict=True)),
        "examples": Items(EXAMPLE),
        "deprecated": BOOLEAN,
    },
)
_MESSAGE_TRAIT = Object(
    "Message Trait Object", merged(_MESSAGE_FIELDS, {"x-eda": eda.MESSAGE}), rules=(headers_are_object,)
)
_MESSAGE = Object(
    "Message Object",
    merged(_MESSAGE_FIELDS, {"payload": _ANY_SCHEMA, "traits": Items(RefOr(_MESSAGE_TRAIT)), "x-eda": eda.MESSAGE}),
    rules=(headers_are_object,),
)

_PARAMETER = Object(
    "Parameter Object",
    {"enum": Items(TEXT), "default": TEXT, "description": TEXT, "examples": Items(TEXT), "location": EXPRESSION},
)


def _parameters_defined(node: Node, findings: Findings) -> None:
    """Each `{name}` of the address has a Parameter Object, and no other has (3.1, Channel Object, parameters)."""
    address, parameters = node.get("address"), node.get("parameters")
    names = names_in_braces(address.text or "") if address is not None else ()
    known = parameters.fields if parameters is not None else {}
    for name in names:
        if address is not None and name not in known:
            message = f"`{{{name}}}` has no entry in `parameters`: any text is taken"
            findings.report("15", message, address.span, severity=Severity.WARNING)
    for name in known:
        if name not in names and parameters is not None:
            message = f"the parameter `{name}` is not in the address"
            findings.report("15", message, parameters.key_span(name), severity=Severity.WARNING)


_CHANNEL_ADDRESS = Text(
    Format("an address without query (`?`) and fragment (`#`)", lambda text: "?" not in text and "#" not in text),
    nullable=True,
)

_CHANNEL = Object(
    "Channel Object",
    merged(
        _ABOUT,
        {
            "address": _CHANNEL_ADDRESS,
            "messages": Entries(RefOr(_MESSAGE)),
            "servers": Items(Reference(_SERVER, ("servers",)), unique=True),
            "parameters": Entries(RefOr(_PARAMETER), NAME_KEY, _NAME_IS),
            "bindings": RefOr(bindings("channel", strict=True)),
            "x-eda": eda.CHANNEL,
        },
    ),
    rules=(_parameters_defined,),
)


_IN_A_CHANNEL = re.compile(r"#/(?:components/)?channels/[^/]+/messages/[^/]+\Z")


def _messages_of_channel(node: Node, findings: Findings) -> None:
    """An operation's, and a reply's, messages are among those of its channel (3.1, Operation Object, messages)."""
    channel = node.get("channel")
    listed = node.get("messages")
    target = findings.workspace.resolve(channel) if channel is not None and channel.ref is not None else None
    if target is None or listed is None:
        return
    declared = target.get("messages")
    places = [findings.workspace.resolve(each) for each in (declared.fields.values() if declared is not None else ())]
    known = {place.id for place in places if place is not None}
    for item in listed.items:
        message = findings.workspace.resolve(item)
        if item.ref is None or message is None:
            continue
        if message.id not in known:
            findings.report("08", f"`{item.ref.text}` is not a message of the operation's channel", item.ref.span)
        elif not _IN_A_CHANNEL.search(item.ref.text or ""):
            help = f"write `{channel.ref.text}/messages/…`" if channel is not None and channel.ref is not None else None
            findings.report(
                "08", f"`{item.ref.text}` does not lead through the operation's channel", item.ref.span, help
            )


_MESSAGES = Items(Reference(_MESSAGE))
_REPLY_ADDRESS = Object("Operation Reply Address Object", {"location": EXPRESSION, "description": TEXT}, ("location",))
_REPLY = Object(
    "Operation Reply Object",
    {"address": RefOr(_REPLY_ADDRESS), "channel": Reference(_CHANNEL), "messages": _MESSAGES},
    rules=(_messages_of_channel,),
)

_OPERATION_FIELDS: Mapping[str, Type] = merged(
    _ABOUT, {"security": _SECURITY, "bindings": RefOr(bindings("operation", strict=True))}
)
_OPERATION_TRAIT = Object("Operation Trait Object", merged(_OPERATION_FIELDS, {"x-eda": eda.operation(_MESSAGE)}))


def _operation(channel: Reference) -> Object:
    return Object(
        "Operation Object",
        merged(
            _OPERATION_FIELDS,
            {
                "action": Choice(("send", "receive")),
                "channel": channel,
                "messages": _MESSAGES,
                "reply": RefOr(_REPLY),
                "traits": Items(RefOr(_OPERATION_TRAIT)),
                "x-eda": eda.operation(_MESSAGE),
            },
        ),
        ("action", "channel"),
        rules=(_messages_of_channel,),
    )


_INFO = Object(
    "Info Object",
    {
        "title": TEXT,
        "version": TEXT,
        "description": TEXT,
        "termsOfService": URL,
        "contact": CONTACT,
        "license": LICENSE,
        "tags": TAGS,
        "externalDocs": _DOCS,
        "x-eda": eda.INFO,
    },
    ("title", "version"),
)

_COMPONENTS: Mapping[str, Type] = {
    "schemas": _ANY_SCHEMA,
    "servers": RefOr(_SERVER),
    "channels": RefOr(_CHANNEL),
    "operations": RefOr(_operation(Reference(_CHANNEL))),
    "messages": RefOr(_MESSAGE),
    "securitySchemes": RefOr(scheme(0, v3=True)),
    "serverVariables": RefOr(_VARIABLE),
    "parameters": RefOr(_PARAMETER),
    "correlationIds": RefOr(CORRELATION_ID),
    "replies": RefOr(_REPLY),
    "replyAddresses": RefOr(_REPLY_ADDRESS),
    "externalDocs": _DOCS,
    "tags": RefOr(TAG),
    "operationTraits": RefOr(_OPERATION_TRAIT),
    "messageTraits": RefOr(_MESSAGE_TRAIT),
    "serverBindings": RefOr(bindings("server", strict=True)),
    "channelBindings": RefOr(bindings("channel", strict=True)),
    "operationBindings": RefOr(bindings("operation", strict=True)),
    "messageBindings": RefOr(bindings("message", strict=True)),
}


DOCUMENT = Object(
    "AsyncAPI Object",
    {
        "asyncapi": TEXT,
        "id": URI,
        "info": _INFO,
        "servers": Entries(RefOr(_SERVER), NAME_KEY, _NAME_IS),
        "defaultContentType": MEDIA_TYPE,
        "channels": Entries(RefOr(_CHANNEL)),
        "operations": Entries(RefOr(_operation(Reference(_CHANNEL, ("channels",))))),
        "components": Object(
            "Components Object", {name: Entries(kind, COMPONENT_KEY, _KEY_IS) for name, kind in _COMPONENTS.items()}
        ),
        "x-eda": eda.document(_MESSAGE),
    },
    ("asyncapi", "info"),
)
"""The AsyncAPI Object of 3.0 and 3.1, which differ in nothing that is checked here but bindings."""
