"""Whether two shapes have no value in common, as far as that can be proved simply."""

from __future__ import annotations

from eda_gen.compat.json_schema.members import property_schemas, required
from eda_gen.compat.json_schema.shape import Shape, Shapes
from eda_gen.compat.json_schema.types import types
from eda_gen.compat.json_schema.values import allowed_values

__all__ = ["disjoint"]

DEPTH = 4
"""How many steps into required properties are taken to find one that tells the shapes apart."""


Sided = tuple[Shapes, Shape]
"""A shape with the schemas that it may refer to."""


def disjoint(one: Sided, other: Sided, depth: int = DEPTH) -> bool:
    """Different types, different listed values, or a property that both require and that tells them apart."""
    first, second = one[1], other[1]
    if first.forbidden or second.forbidden or not types(first) & types(second):
        return True
    values = allowed_values(first), allowed_values(second)
    if values[0] is not None and values[1] is not None and not values[0].keys() & values[1].keys():
        return True
    if depth == 0 or types(first) & types(second) != {"object"}:
        return False
    shared = required(first).keys() & required(second).keys()
    return any(disjoint(_property(one, name), _property(other, name), depth - 1) for name in sorted(shared))


def _property(sided: Sided, name: str) -> Sided:
    shapes, shape = sided
    return shapes, shapes.every(shape.place, property_schemas(shape, name))
