"""Whether two shapes have no value in common, as far as that can be proved simply."""

from __future__ import annotations

from eda_gen.compat.json_schema.members import property_schemas, required
from eda_gen.compat.json_schema.shape import Shape, Shapes
from eda_gen.compat.json_schema.types import types
from eda_gen.compat.json_schema.values import allowed_values

__all__ = ["disjoint"]

DEPTH = 4
"""How many steps into required properties are taken to find one that tells the shapes apart."""


def disjoint(shapes: Shapes, first: Shape, second: Shape, depth: int = DEPTH) -> bool:
    """Different types, different listed values, or a property that both require and that tells them apart."""
    if first.forbidden or second.forbidden or not types(first) & types(second):
        return True
    one, other = allowed_values(first), allowed_values(second)
    if one is not None and other is not None and not one.keys() & other.keys():
        return True
    if depth == 0 or types(first) & types(second) != {"object"}:
        return False
    shared = required(first).keys() & required(second).keys()
    return any(_apart(shapes, first, second, name, depth - 1) for name in sorted(shared))


def _apart(shapes: Shapes, first: Shape, second: Shape, name: str, depth: int) -> bool:
    one, other = (shapes.every(shape.place, property_schemas(shape, name)) for shape in (first, second))
    return disjoint(shapes, one, other, depth)
