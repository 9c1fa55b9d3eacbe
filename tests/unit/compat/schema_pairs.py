"""Pairs of schemas that differ in a few places, and values that one of them allows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from eda_gen.model import Json

NAMES = st.sampled_from(["a", "b", "c", "x_1", "y_2"])
SCALARS: st.SearchStrategy[Json] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 12),
    st.sampled_from([0.5, 2.5, 4.0]),
    st.sampled_from(["", "r", "red", "blue", "x1"]),
)
BOUND = st.integers(0, 4)

STRINGS = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={
        "minLength": BOUND,
        "maxLength": BOUND,
        "pattern": st.sampled_from(["^r", "d$", "[0-9]"]),
        "enum": st.just(["r", "red"]),
    },
)
NUMBERS = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number"])},
    optional={
        "minimum": BOUND, "maximum": st.integers(3, 9), "exclusiveMinimum": BOUND, "exclusiveMaximum": st.integers(3, 9),
        "multipleOf": st.sampled_from([1, 2, 4, 3, 0.5]),
    },
)  # fmt: skip
LISTED = st.one_of(
    st.fixed_dictionaries({"enum": st.lists(SCALARS, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"const": SCALARS}),
)
TYPED = st.fixed_dictionaries(
    {
        "type": st.lists(
            st.sampled_from(["string", "integer", "null", "boolean", "number", "object"]),
            min_size=1,
            max_size=3,
            unique=True,
        )
    }
)


def _inner(schema: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    several = st.lists(schema, min_size=1, max_size=3)
    objects = st.fixed_dictionaries(
        {},
        optional={
            "type": st.just("object"), "properties": st.dictionaries(NAMES, schema, max_size=3),
            "required": st.lists(NAMES, max_size=2, unique=True), "additionalProperties": st.one_of(st.booleans(), schema),
            "patternProperties": st.dictionaries(st.sampled_from(["^x_", "^y_", "_"]), schema, max_size=2),
            "minProperties": BOUND, "maxProperties": BOUND, "propertyNames": st.fixed_dictionaries({"maxLength": BOUND}),
            "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=1),
            "dependentSchemas": st.dictionaries(NAMES, schema, max_size=1), "unevaluatedProperties": st.booleans(),
        },
    )  # fmt: skip
    arrays = st.fixed_dictionaries(
        {"type": st.just("array")},
        optional={
            "items": schema, "prefixItems": several, "minItems": BOUND, "maxItems": BOUND, "uniqueItems": st.booleans(),
            "contains": schema, "minContains": st.integers(0, 2), "maxContains": st.integers(0, 2), "unevaluatedItems": schema,
        },
    )  # fmt: skip
    combined = st.fixed_dictionaries(
        {},
        optional={
            "allOf": several, "anyOf": several, "oneOf": several, "not": schema, "if": schema, "then": schema, "else": schema,
            "type": st.sampled_from(["object", "string", "integer"]), "properties": st.dictionaries(NAMES, schema, max_size=2),
        },
    )  # fmt: skip
    return st.one_of(objects, objects, arrays, combined)


SCHEMAS: st.SearchStrategy[Json] = st.recursive(
    st.one_of(st.booleans(), STRINGS, NUMBERS, LISTED, TYPED), _inner, max_leaves=6
)


@st.composite
def edited(draw: st.DrawFn, schema: Json) -> Json:
    """The schema with a few keywords dropped, replaced or put in."""
    if not isinstance(schema, Mapping):
        return draw(st.one_of(st.just(schema), SCHEMAS))
    if draw(st.integers(0, 9)) == 0:
        return draw(SCHEMAS)
    changed: dict[str, Json] = {}
    for keyword, value in schema.items():
        kept = draw(st.integers(0, 5))
        if kept:
            changed[keyword] = draw(_edited_value(keyword, value)) if kept == 1 else value
    if draw(st.booleans()):
        other = draw(SCHEMAS)
        if isinstance(other, Mapping) and other:
            keyword = draw(st.sampled_from(sorted(other)))
            changed.setdefault(keyword, other[keyword])
    return changed


@st.composite
def _edited_value(draw: st.DrawFn, keyword: str, value: Json) -> Json:
    if keyword in ("properties", "patternProperties", "dependentSchemas") and isinstance(value, Mapping):
        kept = {name: draw(edited(each)) for name, each in value.items() if draw(st.integers(0, 4))}
        return {**draw(st.dictionaries(NAMES, SCHEMAS, max_size=1)), **kept} if keyword == "properties" else kept
    if keyword in ("allOf", "anyOf", "oneOf", "prefixItems") and isinstance(value, list):
        kept_items = [draw(edited(each)) for each in value if draw(st.integers(0, 4))]
        return draw(st.permutations(kept_items or list(value))) + draw(st.lists(SCHEMAS, max_size=1))
    if isinstance(value, bool) and keyword in ("uniqueItems", "const"):
        return not value
    if isinstance(value, bool | Mapping) and keyword not in ("dependentRequired", "const"):
        return draw(edited(value))
    if isinstance(value, int | float):
        return draw(st.sampled_from([value, value + 1, value * 2 or 1]))
    return draw(st.sampled_from(["^r", "d$", "[0-9]"])) if keyword == "pattern" else value


PAIRS = SCHEMAS.flatmap(lambda old: st.tuples(st.just(old), edited(old)))

_PLAIN: tuple[Json, ...] = (
    None,
    True,
    False,
    -1,
    0,
    1,
    2,
    3,
    4,
    6,
    12,
    0.5,
    2.5,
    4.0,
    "",
    "r",
    "red",
    "blue",
    "x1",
    "redd",
)
_MEMBERS: tuple[Json, ...] = (None, True, 1, 4, 0.5, "r", "red", {}, {"a": 1}, [], [1])


def values() -> Iterator[Any]:
    """Small values of every kind, the more likely ones to tell two of these schemas apart."""
    yield from _PLAIN
    for first in _MEMBERS:
        yield [first]
        yield from ({name: first} for name in ("a", "b", "c", "x_1", "y_2"))
        for second in _MEMBERS[1:7]:
            yield [first, second]
            yield from ({one: first, other: second} for one, other in combinations(("a", "b", "c", "x_1"), 2))
    yield from ([1, "r", None], [1, 1, 1], [4, "red", 1, 2], {}, [], {"a": 1, "b": "r", "c": None}, {"a": {"b": 1}})
    yield from ({"a": {"b": each, "a": 1}, "x_1": each, "y_2": each} for each in _MEMBERS)


VALUES: tuple[Json, ...] = tuple(values())


def allowed(schema: Json) -> list[bool]:
    """Which of `VALUES` a schema allows, as another implementation of JSON Schema judges."""
    validator = Draft202012Validator(schema if isinstance(schema, bool | Mapping) else True)
    return [validator.is_valid(each) for each in VALUES]


_SCHEMA_MAPS = ("properties", "patternProperties")
_SCHEMA_LISTS = ("anyOf", "oneOf", "prefixItems")
_PLAIN_KEYWORDS = frozenset((
    "type", "enum", "const", "minLength", "maxLength", "pattern", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "multipleOf", "required", "minProperties", "maxProperties", "minItems", "maxItems", "uniqueItems",
))  # fmt: skip


def simple(schema: Json) -> Json:
    """The schema without keywords that look at a value as a whole: what generated classes are made of."""
    if not isinstance(schema, Mapping):
        return schema
    kept: dict[str, Json] = {}
    for keyword, value in schema.items():
        if keyword in _PLAIN_KEYWORDS:
            kept[keyword] = value
        elif keyword in _SCHEMA_MAPS and isinstance(value, Mapping):
            kept[keyword] = {name: simple(each) for name, each in value.items()}
        elif keyword in _SCHEMA_LISTS and isinstance(value, list):
            kept[keyword] = [simple(each) for each in value]
        elif keyword in ("items", "additionalProperties"):
            kept[keyword] = simple(value)
    return kept


def written_by(schema: Json) -> Json:
    """What a writer of this schema writes: nothing that the schema does not name."""
    return _everywhere(schema, closed=True)


def read_by(schema: Json) -> Json:
    """What a reader of this schema reads: with whatever fields it does not know, and by any alternative that fits."""
    return _everywhere(schema, closed=False)


def _everywhere(schema: Json, closed: bool) -> Json:
    if not isinstance(schema, Mapping):
        return {"additionalProperties": False} if schema is True and closed else schema
    changed: dict[str, Json] = {}
    for keyword, value in schema.items():
        if keyword in _SCHEMA_MAPS and isinstance(value, Mapping):
            changed[keyword] = {name: _everywhere(each, closed) for name, each in value.items()}
        elif keyword in _SCHEMA_LISTS and isinstance(value, list):
            name = "anyOf" if keyword == "oneOf" and not closed and "anyOf" not in schema else keyword
            changed[name] = [_everywhere(each, closed) for each in value]
        elif keyword in ("items", "additionalProperties"):
            changed[keyword] = _everywhere(value, closed)
        else:
            changed[keyword] = value
    if isinstance(schema.get("additionalProperties", True), bool):
        changed["additionalProperties"] = not closed
    return changed


SIMPLE_PAIRS = PAIRS.map(lambda pair: (simple(pair[0]), simple(pair[1]))).filter(
    lambda pair: not any('"anyOf"' in text and '"oneOf"' in text for text in map(json.dumps, pair))
)
