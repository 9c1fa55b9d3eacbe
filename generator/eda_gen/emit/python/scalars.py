"""Scalars, enums, bounds and defaults: the keywords that a class can state, each checked before it is taken."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import cache

from pydantic_core import SchemaError, SchemaValidator, core_schema

from eda_gen.model import Json

__all__ = ["counts", "fixed_items", "is_enum", "map_value", "mapping", "scalar", "texts", "usable_default", "values"]

_SCALARS = frozenset(("string", "integer", "number", "boolean", "null"))
_FORMATS = frozenset(("date", "date-time", "time", "uuid", "decimal"))
"""Those that have a Python type which writes back what it read."""


def scalar(schema: Mapping[str, Json], nested: bool) -> dict[str, Json]:
    """The plain form of a string, a number, a boolean or null, or of one of these that may be null."""
    kinds = [kind for kind in _kinds(schema) if kind in _SCALARS]
    others = [kind for kind in kinds if kind != "null"]
    if len(others) != 1:
        return {"type": "null"} if kinds == ["null"] else {}
    kind: Json = [others[0], "null"] if "null" in kinds else others[0]
    return {"type": kind, **_limits(schema, others[0], nested)}


def _kinds(schema: Mapping[str, Json]) -> list[str]:
    kind = schema.get("type")
    return [kind] if isinstance(kind, str) else texts(kind)


def _limits(schema: Mapping[str, Json], kind: str, nested: bool) -> dict[str, Json]:
    if kind == "string":
        return _text_limits(schema, nested)
    return _number_limits(schema, whole=kind == "integer") if kind in ("integer", "number") else {}


def _text_limits(schema: Mapping[str, Json], nested: bool) -> dict[str, Json]:
    limits: dict[str, Json] = {
        name: count for name in ("minLength", "maxLength") if (count := _count(schema, name)) is not None
    }
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and (_is_rust_pattern(pattern) or (not nested and _is_python_pattern(pattern))):
        limits["pattern"] = pattern
    name = schema.get("format")
    return limits or ({"format": name} if name in _FORMATS else {})


@cache
def _is_rust_pattern(pattern: str) -> bool:
    try:
        SchemaValidator(core_schema.str_schema(pattern=pattern))
    except (SchemaError, UnicodeError):
        return False
    return True


def _is_python_pattern(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return False
    return re.search(r"\(\?<?[=!]", pattern) is not None


def _number_limits(schema: Mapping[str, Json], *, whole: bool) -> dict[str, Json]:
    limits: dict[str, Json] = {}
    for bound, exclusive, rounded in (
        ("minimum", "exclusiveMinimum", math.ceil),
        ("maximum", "exclusiveMaximum", math.floor),
    ):
        outer, inner = _number(schema.get(bound)), _number(schema.get(exclusive))
        if schema.get(exclusive) is True:
            outer, inner = None, outer
        if outer is not None:
            limits[bound] = rounded(outer) if whole else outer
        if inner is not None and (not whole or float(inner).is_integer()):
            limits[exclusive] = int(inner) if whole else inner
        elif inner is not None:
            limits[bound] = rounded(inner)
    step = schema.get("multipleOf")
    if whole and isinstance(step, int) and not isinstance(step, bool) and step > 0:
        limits["multipleOf"] = step
    return limits


def _number(value: Json) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def _count(schema: Mapping[str, Json], name: str) -> int | None:
    number = _number(schema.get(name))
    return int(number) if number is not None and number >= 0 and number == int(number) else None


def counts(schema: Mapping[str, Json]) -> dict[str, Json]:
    """How many items an array may have."""
    return {name: count for name in ("minItems", "maxItems") if (count := _count(schema, name)) is not None}


def fixed_items(schema: Mapping[str, Json]) -> Sequence[Json] | None:
    """The items of an array whose every place has a schema and none may be left out or added."""
    listed = schema.get("prefixItems", schema.get("items"))
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        return None
    closed = schema.get("items" if "prefixItems" in schema else "additionalItems") is False
    most, least = _count(schema, "maxItems"), _count(schema, "minItems") or 0
    bounded = closed or (most is not None and most <= len(listed))
    return listed if bounded and least >= len(listed) else None


def is_enum(schema: Mapping[str, Json]) -> bool:
    return "enum" in schema or "const" in schema


def values(schema: Mapping[str, Json]) -> tuple[dict[str, Json], bool]:
    """The plain form of an enum or a constant, and whether null is among its values.

    Only texts among themselves and whole numbers among themselves make an enum; of others the types are kept.
    """
    listed = [schema["const"]] if "const" in schema else _listed(schema.get("enum"))
    others = [value for value in listed if value is not None]
    nullable = len(others) < len(listed)
    kinds = {type(value) for value in others}
    if len(others) == 1 and "const" in schema and kinds <= {str, int, bool}:
        return {"const": others[0]}, nullable
    if kinds in ({str}, {int}):
        return {"type": "string" if kinds == {str} else "integer", "enum": list(dict.fromkeys(others))}, nullable
    return ({"type": "boolean"} if kinds == {bool} else {}), nullable and not others


def _listed(value: Json) -> list[Json]:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


def map_value(schema: Mapping[str, Json]) -> Json:
    """What the values of an object without known properties are."""
    rest = schema.get("additionalProperties", True)
    patterns = mapping(schema.get("patternProperties"))
    if not patterns or rest is True:
        return rest
    return {"anyOf": [*patterns.values(), *([rest] if rest is not False else [])]}


def usable_default(schema: Mapping[str, Json], target: Mapping[str, Json]) -> dict[str, Json]:
    """The default of a property, where its class can hold it as written."""
    if "default" not in schema:
        return {}
    value = schema["default"]
    return {"default": value} if _fits(value, target) else {}


def _fits(value: Json, target: Mapping[str, Json]) -> bool:
    if "enum" in target:
        return any(value == each and type(value) is type(each) for each in _listed(target["enum"]))
    if "const" in target:
        return value == target["const"] and type(value) is type(target["const"])
    if "format" in target:
        return False
    kind = next((kind for kind in _kinds(target) if kind != "null"), "")
    if kind == "array":
        return isinstance(value, list) and _items_fit(value, target)
    python = {"string": str, "integer": int, "boolean": bool}.get(kind)
    return type(value) is python if python else kind == "number" and _number(value) is not None


def _items_fit(items: list[Json], target: Mapping[str, Json]) -> bool:
    inside = target.get("items")
    return not items or (
        isinstance(inside, Mapping) and not inside.keys() - {"type"} and all(_fits(item, inside) for item in items)
    )


def mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def texts(value: Json) -> list[str]:
    return [each for each in _listed(value) if isinstance(each, str)]
