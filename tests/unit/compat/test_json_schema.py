"""JSON Schema comparison: what is found, and what is seen to be the same in other words."""

from __future__ import annotations

import pytest
from tests.unit.compat.json_schemas import compared

from eda_gen.compat.difference import ContentModel, Direction, combined
from eda_gen.model import Json

NONE, NARROWS, WIDENS, CHANGES = Direction.NONE, Direction.NARROWS, Direction.WIDENS, Direction.CHANGES
TOLERANT, AS_WRITTEN = ContentModel.TOLERANT, ContentModel.AS_WRITTEN

STRING: Json = {"type": "string"}


def kind(name: str, value: Json = True) -> Json:
    return {"type": "object", "required": ["is"], "properties": {"is": {"const": name}, "value": value}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": ["string", "null"]}, {"anyOf": [{"type": "null"}, STRING]}),
        ({"type": ["string", "null"]}, {"oneOf": [STRING, {"type": "null"}]}),
        ({"type": "string", "nullable": True}, {"type": ["null", "string"]}),
        ({"allOf": [STRING, {"maxLength": 3}]}, {"type": "string", "maxLength": 3}),
        ({"enum": ["a"]}, {"const": "a"}),
        ({"type": "integer", "minimum": 5, "exclusiveMinimum": True}, {"type": "integer", "exclusiveMinimum": 5}),
        ({"dependencies": {"a": ["b"]}}, {"dependentRequired": {"a": ["b"]}}),
        ({"items": [STRING], "additionalItems": False}, {"prefixItems": [STRING], "items": False}),
        ({"oneOf": [kind("a"), kind("b")]}, {"oneOf": [kind("b"), kind("a")]}),
        ({"type": "object", "required": ["is"], "oneOf": [kind("a"), kind("b")]}, {"oneOf": [kind("a"), kind("b")]}),
        ({"const": 1}, {"const": 1.0}),
        ({"allOf": [{"properties": {"a": STRING}}, {"required": ["a"]}]}, {"properties": {"a": STRING}, "required": ["a"]}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("model", list(ContentModel))
def test_the_same_in_other_words_is_no_break(old: Json, new: Json, model: ContentModel) -> None:
    assert combined(compared(old, new, model)) is NONE


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"const": 1}, {"const": True}, CHANGES),
        ({"type": "string", "maxLength": 5}, {"type": "integer", "maximum": 5}, CHANGES),
        ({"not": {"minimum": 3}}, {"not": {"minimum": 5}}, WIDENS),
        ({"if": STRING, "then": {"maxLength": 5}}, {"if": STRING, "then": {"maxLength": 3}}, NARROWS),
        ({"if": STRING, "then": {"maxLength": 5}}, {"if": {"type": "null"}, "then": {"maxLength": 5}}, CHANGES),
        ({"contains": STRING}, {"contains": {"type": ["string", "null"]}}, WIDENS),
        ({"contains": STRING, "maxContains": 1}, {"contains": {"type": ["string", "null"]}, "maxContains": 1}, CHANGES),
        ({"multipleOf": 0.1}, {"multipleOf": 0.01}, WIDENS),
        ({"oneOf": [kind("a"), kind("b")]}, {"oneOf": [kind("a"), kind("b"), kind("c")]}, WIDENS),
        ({"oneOf": [{"type": "integer"}, STRING]}, {"oneOf": [{"type": "number"}, {"type": "integer"}, STRING]}, CHANGES),
        ({"$dynamicRef": "#a"}, {"$dynamicRef": "#b"}, CHANGES),
        ({"properties": {"a": STRING}, "unevaluatedProperties": False}, {"properties": {"a": STRING, "b": STRING}, "unevaluatedProperties": False}, CHANGES),
    ],
)  # fmt: skip
def test_as_written_a_schema_is_the_set_of_values_that_it_allows(old: Json, new: Json, expected: Direction) -> None:
    assert combined(compared(old, new, AS_WRITTEN)) is expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"properties": {"a": STRING}}, {"properties": {"a": STRING, "b": STRING}}, NONE),
        ({"properties": {"a": STRING}}, {"properties": {}}, NONE),
        ({"properties": {"a": STRING}}, {"properties": {"a": STRING}, "additionalProperties": False}, NONE),
        ({"properties": {"a": STRING}}, {"properties": {"a": STRING, "b": STRING}, "required": ["b"]}, NARROWS),
        ({"properties": {"a": STRING}, "required": ["a"]}, {"properties": {}}, WIDENS),
        ({"additionalProperties": STRING}, {"additionalProperties": STRING, "properties": {"a": {"type": "null"}}}, CHANGES),
        ({"allOf": [{"properties": {"a": STRING}}, {}]}, {"allOf": [{}, {"properties": {"a": {"type": "null"}}}]}, CHANGES),
        ({"oneOf": [{"type": "integer"}, STRING]}, {"oneOf": [{"type": "number"}, {"type": "integer"}, STRING]}, WIDENS),
        (STRING, {"type": "string", "format": "uuid"}, NARROWS),
        ({"properties": {"a": STRING}}, {"properties": {"a": STRING}, "required": ["b"]}, NARROWS),
    ],
)  # fmt: skip
def test_a_tolerant_reader_ignores_what_it_does_not_know(old: Json, new: Json, expected: Direction) -> None:
    assert combined(compared(old, new, TOLERANT)) is expected


@pytest.mark.parametrize(
    "new",
    [
        {"properties": {"a": STRING}, "required": ["b"]},
        {"properties": {"a": {"type": "string", "default": ""}}, "required": ["a"]},
    ],
)
def test_a_required_name_that_registries_do_not_judge_is_a_caution_as_written(new: Json) -> None:
    found = compared({"properties": {"a": STRING}}, new, AS_WRITTEN)

    judged = [(each.rule.name, each.rule.caution, each.direction) for each in found if each.rule.name != "annotation"]
    assert judged == [("required-not-judged", True, NONE)]


def test_a_change_inside_an_alternative_is_named_itself() -> None:
    old, new = ({"oneOf": [kind("a"), kind("b", value)]} for value in (STRING, {"type": "integer"}))

    [found] = compared(old, new)

    assert (found.rule.name, found.new.pointer) == ("type", "/oneOf/1/properties/value/type")


def test_a_change_in_a_recursive_schema_is_found_once() -> None:
    old, new = (linked({"type": each}) for each in ("string", "null"))

    assert [each.new.pointer for each in compared(old, new)] == ["/properties/value/type"]


def linked(value: Json) -> Json:
    return {"type": "object", "properties": {"value": value, "next": {"oneOf": [{"type": "null"}, {"$ref": "#"}]}}}


def references(count: int, inner: Json) -> Json:
    """`allOf` twice to the next, and so on: 2 to the power of `count` ways to the last."""
    links: dict[str, Json] = {
        f"d{index}": {"allOf": [{"$ref": f"#/definitions/d{index + 1}"}] * 2} for index in range(count)
    }
    return {"$ref": "#/definitions/d0", "definitions": {**links, f"d{count}": inner}}


def choices(count: int, inner: Json) -> Json:
    """`count` choices that hold at once: 5 to the power of `count` combinations."""
    return {
        "allOf": [
            {"oneOf": [{"properties": {f"p{row}{column}": inner}} for column in range(5)]} for row in range(count)
        ]
    }


def mutual(count: int, inner: Json) -> Json:
    """Alternatives that lead to one another without end."""
    return {
        "$ref": "#/definitions/d0",
        "definitions": {
            f"d{one}": {
                "oneOf": [{"$ref": f"#/definitions/d{other}"} for other in range(count)]
                + [{"properties": {f"p{one}": inner}}]
            }
            for one in range(count)
        },
    }


@pytest.mark.timeout(20)
@pytest.mark.parametrize(("shape", "size"), [(references, 30), (choices, 10), (mutual, 12)])
def test_schemas_that_explode_are_compared_or_called_incomparable(shape: object, size: int) -> None:
    assert callable(shape)

    found = compared(shape(size, STRING), shape(size, {"type": "integer"}))

    assert combined(found) is CHANGES
