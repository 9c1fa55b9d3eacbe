"""`type`, and OpenAPI's `nullable`: which kinds of values are allowed at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from eda_gen.compat.difference import Difference, Direction
from eda_gen.compat.json_schema.comparison import Comparison
from eda_gen.compat.json_schema.report import difference
from eda_gen.compat.json_schema.shape import Part, Shape
from eda_gen.compat.json_schema.values import allowed_values
from eda_gen.model import Json

__all__ = ["ANYTHING", "between", "compare_types", "types"]

ANYTHING: Final = frozenset(("null", "boolean", "object", "array", "string", "integer", "fraction"))
"""Every kind of JSON value; a number is an integer or has a fraction, so that these are disjoint."""


def types(shape: Shape) -> frozenset[str]:
    """The kinds of values that a shape's `type`, `enum` and `const` leave."""
    allowed = _written(shape)
    values = allowed_values(shape)
    if values is not None:
        allowed &= {_type_of(value) for _, value in values.values()}
    return allowed


def _written(shape: Shape) -> frozenset[str]:
    allowed = ANYTHING
    for part in shape.parts:
        allowed &= _of_part(part)
    return allowed


def _of_part(part: Part) -> frozenset[str]:
    written = part.body.get("type")
    names = [written] if isinstance(written, str) else part.sequence("type")
    if not names:
        return ANYTHING
    found = {name for name in names if isinstance(name, str)}
    if "number" in found:
        found |= {"integer", "fraction"}
    if part.body.get("nullable") is True:
        found.add("null")
    return frozenset(found) & ANYTHING


def _type_of(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "integer" if float(value).is_integer() else "fraction"
    if isinstance(value, str):
        return "string"
    if value is None:
        return "null"
    return "array" if isinstance(value, list | tuple) else "object"


def between(old: frozenset[str], new: frozenset[str]) -> Direction:
    """The direction from one set to another."""
    direction = Direction.NONE
    if old - new:
        direction |= Direction.NARROWS
    if new - old:
        direction |= Direction.WIDENS
    return direction


def compare_types(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    direction = between(types(old), types(new))
    if direction is not Direction.NONE and _written(old) != _written(new):
        yield difference("type", direction, (old, new), next(old.all("type"), None), next(new.all("type"), None))
