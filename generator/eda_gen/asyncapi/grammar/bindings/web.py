"""Bindings of HTTP, WebSockets and ROS 2."""

from __future__ import annotations

from eda_gen.asyncapi.grammar.bindings.table import Binding
from eda_gen.asyncapi.grammar.schema import OBJECT_SCHEMA
from eda_gen.asyncapi.grammar.types import TEXT, Choice, Number, Object, Type

__all__ = ["BINDINGS"]

_METHOD = Choice(("GET", "PUT", "POST", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE"))
_REQUEST: dict[str, Type] = {"method": _METHOD, "query": OBJECT_SCHEMA}
_QOS = Object(
    "QoS policies",
    {
        "reliability": TEXT,
        "history": Choice(("keep_last", "keep_all", "unknown")),
        "durability": Choice(("transient_local", "volatile")),
        "lifespan": Number(),
        "deadline": Number(),
        "liveliness": Choice(("automatic", "manual")),
        "leaseDuration": Number(),
    },
)
_ROLES = ("publisher", "subscriber", "action_client", "action_server", "service_client", "service_server")

BINDINGS = (
    Binding("http", "operation", "0.1.0", {"type": Choice(("request", "response")), **_REQUEST}, ("type",)),
    Binding("http", "operation", "0.2.0", _REQUEST),
    Binding("http", "message", "0.1.0", {"headers": OBJECT_SCHEMA}),
    Binding("http", "message", "0.3.0", {"headers": OBJECT_SCHEMA, "statusCode": Number(minimum=100, maximum=599)}),
    Binding(
        "ws", "channel", "0.1.0", {"method": Choice(("GET", "POST")), "query": OBJECT_SCHEMA, "headers": OBJECT_SCHEMA}
    ),
    Binding("ros2", "server", "0.1.0", {"rmwImplementation": TEXT, "domainId": Number(minimum=0, maximum=231)}),
    Binding(
        "ros2", "operation", "0.1.0", {"role": Choice(_ROLES), "node": TEXT, "qosPolicies": _QOS}, ("role", "node")
    ),
)
