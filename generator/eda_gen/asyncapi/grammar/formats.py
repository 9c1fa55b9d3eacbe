"""Kinds of text that the specification asks for."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from eda_gen.asyncapi.grammar.types import Format, Text
from eda_gen.asyncapi.values import is_runtime_expression, parse_date, parse_duration

__all__ = [
    "CHANNEL_NAME",
    "COMPONENT_KEY",
    "DATE",
    "DURATION",
    "EMAIL",
    "EXPRESSION",
    "MEDIA_TYPE",
    "NAME_KEY",
    "SERVER_URL",
    "URI",
    "URL",
]

COMPONENT_KEY = re.compile(r"[A-Za-z0-9._-]+")
"""Keys of the Components Object (every version, Components Object)."""

NAME_KEY = re.compile(r"[A-Za-z0-9_-]+")
"""Names of servers and parameters (every version, Servers Object, Parameters Object)."""

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=-]|%[0-9A-Fa-f]{2}|[^\x00-\x7f])+")
_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\\\]]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+*-]+(?:\s*;.*)?")
_SERVER_URL = re.compile(r"(?:[^\x00-\x20\"<>\\^`{|}]|\{[^{}\s]+\})+")
_CHANNEL = re.compile(r"(?:[^\x00-\x20\"'%<>\\^`{|}?#]|%[0-9A-Fa-f]{2}|\{[^{}\s]+\}|')+")


def _is_url(text: str) -> bool:
    try:
        return _URI.fullmatch(text) is not None and bool(urlsplit(text).netloc)
    except ValueError:
        return False


SERVER_URL = Text(
    Format(
        "a URL, absolute or relative, in which `{variables}` may stand",
        lambda text: _SERVER_URL.fullmatch(text) is not None,
    )
)
URI = Text(Format("a URI (RFC 3986): a scheme, then what it names", lambda text: _URI.fullmatch(text) is not None))
URL = Text(Format("an absolute URL", _is_url))
EMAIL = Text(Format("an email address", lambda text: _EMAIL.fullmatch(text) is not None))
MEDIA_TYPE = Text(
    Format("a media type such as `application/json`", lambda text: _MEDIA_TYPE.fullmatch(text) is not None)
)
EXPRESSION = Text(Format("a runtime expression such as `$message.payload#/orderId`", is_runtime_expression))
DURATION = Text(Format("an ISO 8601 duration such as `PT30S` or `P7D`", lambda text: parse_duration(text) is not None))
DATE = Text(Format("a date such as 2026-01-31", lambda text: parse_date(text) is not None))

CHANNEL_NAME = re.compile(_CHANNEL.pattern)
"""A URI template without query and fragment (2.x, Channels Object)."""
