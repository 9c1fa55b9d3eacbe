"""YAML 1.2 core-schema scalars: `yes`, `on` and dates are text (YAML 1.2.2, section 10.3.2)."""

from __future__ import annotations

import math
import re

from eda_gen.source.limits import MAX_DIGITS
from eda_gen.source.node import Scalar

__all__ = ["ALLOWED_TAGS", "BadScalar", "resolve"]

_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+\Z")
_BASED = re.compile(r"0o[0-7]+\Z|0x[0-9a-fA-F]+\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)\Z|\.(nan|NaN|NAN)\Z")

_PREFIX = "tag:yaml.org,2002:"
ALLOWED_TAGS = frozenset(_PREFIX + name for name in ("null", "bool", "int", "float", "str", "seq", "map")) | {"!"}
"""Those of YAML's JSON schema, which AsyncAPI documents are limited to (AsyncAPI 3.1, Format), and the non-specific one."""


class BadScalar(ValueError):
    """A plain scalar that stands for no JSON value; the message says which."""


def resolve(text: str, tag: str | None, plain: bool) -> Scalar:
    """The value of a scalar as written. `tag` is its explicit tag; `plain` says that it has no quotes."""
    if tag is None:
        return _implicit(text) if plain else text
    kind = tag.removeprefix(_PREFIX)
    if kind in ("str", "!"):
        return text
    value = _implicit(text)
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value).__name__.replace("NoneType", "null") != kind:
        raise BadScalar(f"`{text[:40]}` is not of the type that its tag `!!{kind}` says")
    return value


def _implicit(text: str) -> Scalar:
    if text in _NULL:
        return None
    if text in _BOOL:
        return _BOOL[text]
    if text[0] in "-+.0123456789":
        return _number(text)
    return text


def _number(text: str) -> Scalar:
    if len(text) > MAX_DIGITS and (_INT.match(text) or _BASED.match(text) or _FLOAT.match(text)):
        raise BadScalar(f"a number of more than {MAX_DIGITS} digits")
    if _INT.match(text):
        return int(text)
    if _BASED.match(text):
        return int(text, 0)
    if _FLOAT.match(text):
        return _finite(float(text), text)
    if _NOT_FINITE.match(text):
        raise BadScalar(f"`{text}` is not a JSON number")
    return text


def _finite(value: float, text: str) -> float:
    if not math.isfinite(value):
        raise BadScalar(f"`{text[:40]}` is too large for a number")
    return value
