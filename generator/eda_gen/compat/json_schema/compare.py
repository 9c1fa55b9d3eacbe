"""Two schemas in, their differences out: which group of keywords is asked, and when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from eda_gen.compat.difference import ContentModel, Difference, Direction, Place
from eda_gen.compat.json_schema import (
    arrays,
    bounds,
    conditions,
    dependencies,
    descriptions,
    objects,
    scalars,
    types,
    values,
)
from eda_gen.compat.json_schema.choices import compare_choices
from eda_gen.compat.json_schema.comparison import Comparison, Group, TooManyShapes
from eda_gen.compat.json_schema.shape import Shape, Shapes
from eda_gen.compat.rules import rule
from eda_gen.model import Schema, SchemaId

__all__ = ["compare_json_schemas"]

_STRING, _NUMBER = frozenset(("string",)), frozenset(("integer", "fraction"))
_OBJECT, _ARRAY = frozenset(("object",)), frozenset(("array",))

GROUPS: Final[tuple[tuple[Group, frozenset[str]], ...]] = (
    (descriptions.compare_annotations, types.ANYTHING),
    (types.compare_types, types.ANYTHING),
    (values.compare_values, types.ANYTHING),
    (bounds.compare_length, _STRING),
    (scalars.compare_pattern, _STRING),
    (scalars.compare_format, _STRING | _NUMBER),
    (bounds.compare_range, _NUMBER),
    (scalars.compare_multiple_of, _NUMBER),
    (objects.compare_properties, _OBJECT),
    (objects.compare_required, _OBJECT),
    (objects.compare_additional, _OBJECT),
    (objects.compare_patterns, _OBJECT),
    (objects.compare_property_names, _OBJECT),
    (bounds.compare_property_count, _OBJECT),
    (dependencies.compare_dependencies, _OBJECT),
    (arrays.compare_items, _ARRAY),
    (arrays.compare_unused_additional_items, _ARRAY),
    (bounds.compare_item_count, _ARRAY),
    (arrays.compare_unique, _ARRAY),
    (arrays.compare_contains, _ARRAY),
    (conditions.compare_not, types.ANYTHING),
    (conditions.compare_conditions, types.ANYTHING),
    (conditions.compare_opaque, types.ANYTHING),
    (conditions.compare_unevaluated, _OBJECT | _ARRAY),
)
"""Each group with the types of values that it says something about."""


def compare_json_schemas(
    old: tuple[Mapping[SchemaId, Schema], SchemaId],
    new: tuple[Mapping[SchemaId, Schema], SchemaId],
    content_model: ContentModel,
    unchanged: frozenset[SchemaId] = frozenset(),
) -> tuple[Difference, ...]:
    """What differs between a schema of one catalog and a schema of another."""
    before, after = (_referred(schemas, id) for schemas, id in (old, new))
    tolerant = content_model is ContentModel.TOLERANT
    comparison = Comparison(Shapes(old[0]), Shapes(new[0]), tolerant, _compare, unchanged)
    try:
        return comparison.shapes(before, after)
    except (RecursionError, TooManyShapes):
        message = "the schema changed, and refers to itself too deeply or in too many ways to be compared"
        return (Difference(rule("not-comparable"), Direction.CHANGES, message, Place.of(old[1]), Place.of(new[1])),)


def _referred(schemas: Mapping[SchemaId, Schema], id: SchemaId) -> Shape:
    return Shapes(schemas).of(Place.of(id), {"$ref": id})


def _compare(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    if old.forbidden or new.forbidden:
        yield from _forbidden(old, new)
    elif old.choices or new.choices:
        yield from compare_choices(comparison, old, new)
    else:
        yield from _keywords(comparison, old, new)


def _keywords(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    """Keywords about a type that one side does not allow are left out: that the type came or went says it all."""
    shared = types.types(old) & types.types(new)
    for group, about in GROUPS:
        if about == types.ANYTHING or about & shared:
            yield from group(comparison, old, new)


def _forbidden(old: Shape, new: Shape) -> Iterator[Difference]:
    if old.forbidden != new.forbidden:
        direction = Direction.WIDENS if old.forbidden else Direction.NARROWS
        message = "no value was allowed before" if old.forbidden else "no value is allowed any more"
        yield Difference(rule("forbidden"), direction, message, old.home, new.home)
