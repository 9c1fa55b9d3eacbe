"""The Confluent registry's published JSON Schema cases: the verdict, and each change that a case names."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from tests.unit.compat.json_schemas import compared

from eda_gen.compat.difference import ContentModel, Difference, Direction, combined
from eda_gen.model import Json

CORPUS = os.environ.get("EDA_CORPUS")
pytestmark = pytest.mark.skipif(CORPUS is None, reason="EDA_CORPUS names no corpus")

BREAKS, FINE, ANY = True, False, None


@dataclass(frozen=True, slots=True)
class Ours:
    """Our name for one of their rules: whether it breaks backward, and by which keyword we find it below their place."""

    rules: tuple[str, ...]
    breaks: bool | None
    below: tuple[str, ...] = ("",)


ANYWHERE_BELOW = ("*",)
"""They name the combined schema as a whole; we name what in it changed."""

THEIRS: Mapping[str, Ours] = {
    **{f"{name}_CHANGED": Ours(("annotation",), FINE, (f"/${name.lower()}", f"/{name.lower()}")) for name in ("ID", "TITLE", "DESCRIPTION")},
    "TYPE_CHANGED": Ours(("type",), BREAKS, ("/type",)),
    "TYPE_NARROWED": Ours(("type",), BREAKS, ("/type",)),
    "TYPE_EXTENDED": Ours(("type",), FINE, ("/type",)),
    "NOT_TYPE_NARROWED": Ours(("type",), FINE, ("/type",)),
    "NOT_TYPE_EXTENDED": Ours(("type",), BREAKS, ("/type",)),
    "MIN_LENGTH_INCREASED": Ours(("length",), BREAKS),
    "MIN_LENGTH_DECREASED": Ours(("length",), FINE),
    "MAX_LENGTH_INCREASED": Ours(("length",), FINE),
    "MAX_LENGTH_DECREASED": Ours(("length",), BREAKS),
    "MAX_LENGTH_REMOVED": Ours(("length",), FINE),
    "PATTERN_REMOVED": Ours(("pattern",), FINE),
    "PATTERN_CHANGED": Ours(("pattern",), BREAKS),
    "MAXIMUM_REMOVED": Ours(("range",), FINE),
    "MAXIMUM_INCREASED": Ours(("range",), FINE),
    "MAXIMUM_DECREASED": Ours(("range",), BREAKS),
    "MINIMUM_REMOVED": Ours(("range",), FINE),
    "MINIMUM_INCREASED": Ours(("range",), BREAKS),
    "MINIMUM_DECREASED": Ours(("range",), FINE),
    "MULTIPLE_OF_REMOVED": Ours(("multiple-of",), FINE),
    "MULTIPLE_OF_REDUCED": Ours(("multiple-of",), FINE),
    "MULTIPLE_OF_CHANGED": Ours(("multiple-of",), BREAKS),
    "ENUM_ARRAY_CHANGED": Ours(("allowed-values",), BREAKS),
    "ENUM_ARRAY_EXTENDED": Ours(("allowed-values",), FINE),
    "PRODUCT_TYPE_NARROWED": Ours(("allowed-values",), FINE, ("/enum",)),
    "SUM_TYPE_EXTENDED": Ours(("choice", "type"), FINE, ANYWHERE_BELOW),
    "COMBINED_TYPE_SUBSCHEMAS_CHANGED": Ours(("type", "allowed-values", "choice"), BREAKS, ANYWHERE_BELOW),
    "COMBINED_TYPE_EXTENDED": Ours(("combination",), FINE),
    "COMBINED_TYPE_CHANGED": Ours(("choice",), BREAKS, ANYWHERE_BELOW),
    "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL": Ours(("property-added",), BREAKS),
    "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL": Ours(("property-added",), ANY),
    "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL": Ours(("property-added",), BREAKS),
    "PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": Ours(("property-added",), ANY),
    "PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": Ours(("property-added",), BREAKS),
    "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL": Ours(("property-added",), FINE),
    "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL": Ours(("property-removed",), FINE),
    "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": Ours(("property-removed",), FINE),
    "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": Ours(("property-removed",), BREAKS),
    "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL": Ours(("property-removed",), FINE),
    "REQUIRED_ATTRIBUTE_ADDED": Ours(("required",), BREAKS),
    "REQUIRED_ATTRIBUTE_REMOVED": Ours(("required",), FINE),
    "ADDITIONAL_PROPERTIES_ADDED": Ours(("additional-properties",), FINE),
    "ADDITIONAL_PROPERTIES_REMOVED": Ours(("additional-properties",), BREAKS),
    "ADDITIONAL_PROPERTIES_NARROWED": Ours(("additional-properties",), BREAKS),
    "DEPENDENCY_ARRAY_ADDED": Ours(("dependency",), BREAKS),
    "DEPENDENCY_ARRAY_REMOVED": Ours(("dependency",), FINE),
    "DEPENDENCY_SCHEMA_ADDED": Ours(("dependency",), BREAKS),
    "DEPENDENCY_SCHEMA_REMOVED": Ours(("dependency",), FINE),
    "MAX_PROPERTIES_REMOVED": Ours(("property-count",), FINE),
    "MAX_PROPERTIES_INCREASED": Ours(("property-count",), FINE),
    "MAX_PROPERTIES_DECREASED": Ours(("property-count",), BREAKS),
    "MIN_PROPERTIES_REMOVED": Ours(("property-count",), FINE),
    "MIN_PROPERTIES_INCREASED": Ours(("property-count",), BREAKS),
    "MIN_PROPERTIES_DECREASED": Ours(("property-count",), FINE),
    "SCHEMA_ADDED": Ours(("items",), BREAKS),
    "SCHEMA_REMOVED": Ours(("items",), FINE),
    "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL": Ours(("item",), FINE),
    "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL": Ours(("item",), FINE),
    "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": Ours(("item",), FINE),
    "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": Ours(("item",), BREAKS),
    "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": Ours(("item",), FINE),
    "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL": Ours(("item",), BREAKS),
    "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL": Ours(("item",), FINE),
    "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL": Ours(("item",), FINE),
    "ADDITIONAL_ITEMS_ADDED": Ours(("additional-items",), FINE),
    "ADDITIONAL_ITEMS_EXTENDED": Ours(("additional-items",), FINE),
    "ADDITIONAL_ITEMS_REMOVED": Ours(("additional-items",), BREAKS),
    "MAX_ITEMS_DECREASED": Ours(("item-count",), BREAKS),
    "MIN_ITEMS_REMOVED": Ours(("item-count",), FINE),
    "MIN_ITEMS_INCREASED": Ours(("item-count",), BREAKS),
    "MIN_ITEMS_DECREASED": Ours(("item-count",), FINE),
    "UNIQUE_ITEMS_REMOVED": Ours(("unique-items",), FINE),
}  # fmt: skip
"""Their rules, each with ours. A rule of ours covers both directions of a keyword."""

MEMBERS = ("PROPERTY", "ITEM")
"""Where a member was added or removed, they also list what differs inside it; with us it is part of the one finding."""


@cache
def cases() -> Sequence[Mapping[str, Json]]:
    if CORPUS is None:
        return ()
    found: Sequence[Mapping[str, Json]] = json.loads((Path(CORPUS) / "compat" / "json-schema-cases.json").read_text())
    return found


def named(case: tuple[int, Mapping[str, Json]]) -> str:
    return f"{case[0]}: {case[1]['description']}"


@pytest.mark.parametrize("case", list(enumerate(cases())), ids=named)
def test_the_verdict_is_the_registrys(case: tuple[int, Mapping[str, Json]]) -> None:
    _, each = case

    found = compared(each["original_schema"], each["update_schema"])

    assert (Direction.NARROWS not in combined(found)) is each["compatible"], found


@pytest.mark.parametrize("case", list(enumerate(cases())), ids=named)
def test_each_change_that_a_case_names_is_found_at_its_place_and_nothing_else_breaks(
    case: tuple[int, Mapping[str, Json]],
) -> None:
    _, each = case
    named_changes = [str(change) for change in changes(each)]

    found = compared(each["original_schema"], each["update_schema"])

    missing = [change for change in named_changes if not any(is_same(change, ours, each) for ours in found)]
    breaks = [ours for ours in found if Direction.NARROWS in ours.direction]
    unnamed = [ours for ours in breaks if not any(is_same(change, ours, each) for change in named_changes)]
    assert (missing, unnamed) == ([], [])


@pytest.mark.parametrize("case", [each for each in enumerate(cases()) if "compatible_lenient" in each[1]], ids=named)
def test_the_registrys_lenient_policy_is_the_tolerant_content_model(case: tuple[int, Mapping[str, Json]]) -> None:
    _, each = case

    found = compared(each["original_schema"], each["update_schema"], ContentModel.TOLERANT)

    assert (Direction.NARROWS not in combined(found)) is each["compatible_lenient"]


def changes(case: Mapping[str, Json]) -> Sequence[Json]:
    """The changes of a case, without those that explain another one at the same place."""
    listed = case["changes"]
    assert isinstance(listed, Sequence)
    members = {
        place for rule, place in map(split, listed) if rule.startswith((*MEMBERS, "OPTIONAL", "REQUIRED_PROPERTY"))
    }
    return [
        each
        for each in listed
        if split(each)[0].startswith((*MEMBERS, "OPTIONAL", "REQUIRED")) or split(each)[1] not in members
    ]


def split(change: Json) -> tuple[str, str]:
    rule, _, place = str(change).partition(" #")
    return rule, place.rstrip("/")


def is_same(change: str, ours: Difference, case: Mapping[str, Json]) -> bool:
    rule, place = split(change)
    known = THEIRS[rule]
    breaks = Direction.NARROWS in ours.direction
    if ours.rule.name not in known.rules or known.breaks not in (ANY, breaks):
        return False
    schemas = (case["original_schema"], ours.old.pointer), (case["update_schema"], ours.new.pointer)
    return any(is_at(schema, place, pointer, known.below) for schema, pointer in schemas)


def is_at(schema: Json, place: str, pointer: str, below: tuple[str, ...]) -> bool:
    """Whether a pointer of ours is the place that they name: by traversal through references, and `required` by name."""
    at = resolved(schema, place)
    if below == ANYWHERE_BELOW:
        return at is not None and pointer.startswith(at)
    return at is not None and pointer in [at + tail for tail in below]


def resolved(schema: Json, place: str) -> str | None:
    """Their place as a JSON pointer into this schema, if it has it."""
    value, pointer = schema, ""
    for step in place.split("/")[1:]:
        if isinstance(value, list):
            step = str(value.index(step)) if step in value else step
            value = value[int(step)] if step.isdecimal() and int(step) < len(value) else None
        elif isinstance(value, Mapping):
            value = value.get(step)
        if value is None:
            return None
        pointer += f"/{step}"
        if isinstance(value, Mapping) and isinstance(value.get("$ref"), str):
            pointer = str(value["$ref"]).removeprefix("#")
            return pointer
    return pointer
