"""What a shape says about one member of an object or an array: the schemas that hold for it, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from eda_gen.compat.difference import Place
from eda_gen.compat.json_schema.shape import Located, Part, Shape
from eda_gen.model import Json

__all__ = [
    "beyond",
    "declared",
    "item",
    "may_overlap",
    "patterns",
    "positions",
    "property_schemas",
    "required",
    "rest_of_items",
]


def declared(shape: Shape) -> Mapping[str, Place]:
    """The names under `properties`, each with the place where it first stands."""
    found: dict[str, Place] = {}
    for part in shape.parts:
        for name in part.mapping("properties"):
            found.setdefault(name, part.at("properties", name))
    return found


def required(shape: Shape) -> Mapping[str, Place]:
    """The names under `required`; in draft 3's way (`required: true` in the property) they are not looked for."""
    found: dict[str, Place] = {}
    for part in shape.parts:
        for index, name in enumerate(part.sequence("required")):
            if isinstance(name, str):
                found.setdefault(name, part.at("required", index))
    return found


def property_schemas(shape: Shape, name: str) -> list[Located]:
    """All schemas that a property's value must satisfy, `additionalProperties: false` included."""
    return [found for part in shape.parts for found in _of_part(part, name)]


def _of_part(part: Part, name: str) -> Iterator[Located]:
    properties = part.mapping("properties")
    matching = [each for each in part.mapping("patternProperties") if _matches(each, name)]
    if name in properties:
        yield part.at("properties", name), properties[name]
    for pattern in matching:
        yield part.at("patternProperties", pattern), part.mapping("patternProperties")[pattern]
    if name not in properties and not matching and "additionalProperties" in part.body:
        yield part.at("additionalProperties"), part.body["additionalProperties"]


def _matches(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False


def beyond(shape: Shape) -> list[Located]:
    """All schemas for properties that nothing else describes."""
    return list(shape.all("additionalProperties"))


def patterns(shape: Shape) -> Mapping[str, list[Located]]:
    """All schemas for properties that match a pattern, by pattern."""
    found: dict[str, list[Located]] = {}
    for part in shape.parts:
        for pattern, value in part.mapping("patternProperties").items():
            found.setdefault(pattern, []).append((part.at("patternProperties", pattern), value))
    return found


def may_overlap(first: str, second: str) -> bool:
    """Whether a name may match both patterns: not where both begin with `^` and different plain letters."""
    starts = [re.match(r"\^([A-Za-z0-9_-]+)(?![*+?{|])", each) for each in (first, second)]
    if None in starts or "|" in first + second:
        return True
    one, other = (each[1] if each else "" for each in starts)
    return one.startswith(other) or other.startswith(one)


def positions(shape: Shape) -> Mapping[int, Place]:
    """The positions of an array that have a schema of their own (`prefixItems`; before 2020-12, a list in `items`)."""
    found: dict[int, Place] = {}
    for part in shape.parts:
        keyword, listed = _prefix(part)
        for index in range(len(listed)):
            found.setdefault(index, part.at(keyword, index))
    return found


def item(shape: Shape, position: int) -> list[Located]:
    """All schemas that the element at a position must satisfy."""
    found: list[Located] = []
    for part in shape.parts:
        keyword, listed = _prefix(part)
        if position < len(listed):
            found.append((part.at(keyword, position), listed[position]))
        else:
            found.extend(_rest(part))
    return found


def rest_of_items(shape: Shape) -> list[Located]:
    """All schemas for the elements after the described positions."""
    return [found for part in shape.parts for found in _rest(part)]


def _prefix(part: Part) -> tuple[str, Sequence[Json]]:
    keyword = "prefixItems" if "prefixItems" in part.body else "items"
    return keyword, part.sequence(keyword)


def _rest(part: Part) -> Iterator[Located]:
    """`items` where it is one schema; `additionalItems` after a list in `items`."""
    items = part.body.get("items")
    if isinstance(items, Mapping | bool):
        yield part.at("items"), items
    elif items is not None and "additionalItems" in part.body:
        yield part.at("additionalItems"), part.body["additionalItems"]
