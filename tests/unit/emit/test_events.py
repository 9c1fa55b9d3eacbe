"""The classes that schemas become, as somebody reads them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.generated import spec_of
from tests.reading import catalog

from eda_gen.emit import load_target
from eda_gen.output.formatting import format_python


def files(payloads: dict[str, Any], schemas: dict[str, Any] | None = None) -> dict[str, str]:
    """The package for a message for each payload."""
    read = catalog(spec_of(payloads, schemas))
    package = load_target("python")(read, read.services[0])
    assert package.value is not None, package.diagnostics
    return {path: format_python(text) for path, text in package.value.files.items() if path.endswith(".py")}


def classes(payload: Any, schemas: dict[str, Any] | None = None) -> str:
    """What stands between the list of names and the alias in the module of one event."""
    module = files({"Sample": payload}, schemas)["events/sample.py"]
    return module.partition("]\n")[2].partition("Sample = SampleV1")[0].strip()


def field(schema: Any, *, required: bool = True, schemas: dict[str, Any] | None = None) -> str:
    """The line of a field of this schema."""
    payload = {"type": "object", "properties": {"it": schema}, "required": ["it"] if required else []}
    found = classes(payload, schemas).rpartition("    it: ")[2]
    return " ".join(found.split())


@pytest.mark.parametrize(
    ("schema", "annotation"),
    [
        ({"type": "string"}, "str"),
        ({"type": "string", "format": "date-time"}, "AwareDatetime"),
        ({"type": "string", "format": "password"}, "str"),
        ({"type": "string", "format": "email"}, "str"),
        ({"type": "string", "format": "uuid", "maxLength": 36}, "Annotated[str, Field(max_length=36)]"),
        ({"type": "integer", "minimum": 0.5}, "Annotated[int, Field(ge=1)]"),
        ({"type": "integer", "exclusiveMinimum": 0}, "Annotated[int, Field(gt=0)]"),
        ({"type": "number", "multipleOf": 0.01}, "float"),
        ({"type": ["string", "null"]}, "str | None"),
        ({"type": ["string", "integer"]}, "str | int"),
        ({"type": "array"}, "list[Any]"),
        ({"type": "array", "items": {"type": "string", "minLength": 1}}, "list[Annotated[str, Field(min_length=1)]]"),
        ({"type": "array", "items": [{"type": "string"}]}, "list[Any]"),
        ({"type": "object"}, "dict[str, Any]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "dict[str, int]"),
        ({"anyOf": [{"type": "integer", "minimum": 3}, {"type": "null"}]}, "Annotated[int, Field(ge=3)] | None"),
        ({"const": "x"}, 'Literal["x"]'),
        ({"const": None}, "None"),
        ({"enum": [1.5, "x"]}, "Any"),
        ({"not": {"type": "string"}}, "Any"),
        ({"type": "string", "pattern": "("}, "str"),
        (True, "Any"),
    ],
    ids=json.dumps,
)
def test_a_field_says_what_its_schema_asks(schema: Any, annotation: str) -> None:
    assert field(schema) == annotation


def test_a_reference_to_a_text_is_that_text() -> None:
    schemas = {"Sku": {"type": "string", "maxLength": 9}}

    assert field({"$ref": "#/components/schemas/Sku"}, schemas=schemas) == "Annotated[str, Field(max_length=9)]"


def test_inline_types_are_named_by_their_place() -> None:
    status = {"type": "string", "enum": ["a"]}
    payload = {
        "type": "object",
        "properties": {"lines": {"type": "array", "items": {"type": "object", "properties": {"status": status}}}},
    }

    found = classes(payload)

    assert "class SampleV1LinesItem(Event):\n    status: SampleV1LinesItemStatus | None = None" in found


def test_a_closed_object_still_reads_over_unknown_fields() -> None:
    assert "forbid" not in classes({"type": "object", "properties": {"x": {}}, "additionalProperties": False})


def test_all_of_becomes_one_class() -> None:
    parts = [
        {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
        {"properties": {"b": {"type": "integer"}}},
    ]

    assert classes({"allOf": parts}) == "class SampleV1(Event):\n    a: str\n    b: int | None = None"


def test_an_optional_field_that_may_be_null_says_so() -> None:
    payload = {"type": "object", "properties": {"a": {"type": ["string", "null"]}, "b": {"type": "string"}}}

    assert "b: str | None = None" in classes(payload)
    assert 'a: Annotated[str | None, Field(json_schema_extra={"x-nullable": True})] = None' in classes(payload)


@pytest.mark.parametrize(
    "schemas",
    [
        {"A": {"allOf": [{"$ref": "#/components/schemas/A"}, {"properties": {"x": {"type": "string"}}}]}},
        {"A": {"type": "array", "items": {"$ref": "#/components/schemas/A"}}},
        {"A": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"$ref": "#/components/schemas/A"}}]}},
        {"A": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/A"}}},
        {
            "A": {
                "allOf": [{"$ref": "#/components/schemas/B"}],
                "properties": {"next": {"$ref": "#/components/schemas/B"}},
            },
            "B": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/A"}}},
        },
        {
            "A": {"type": "object", "oneOf": [{"$ref": "#/components/schemas/B"}]},
            "B": {"allOf": [{"$ref": "#/components/schemas/A"}, {"properties": {"x": {"type": "string"}}}]},
        },
    ],
    ids=["all of itself", "list", "union", "map", "two that extend each other", "parent and child"],
)
def test_schemas_in_circles_come_to_an_end(schemas: dict[str, Any]) -> None:
    payload = {"type": "object", "properties": {"it": {"$ref": "#/components/schemas/A"}}}

    found = files({"Sample": payload, "Whole": {"$ref": "#/components/schemas/A"}}, schemas)

    assert "class SampleV1(Event):" in found["events/sample.py"]


def test_schemas_that_refer_to_one_another_share_a_module() -> None:
    def refers_to(name: str) -> dict[str, Any]:
        return {"type": "object", "properties": {"other": {"$ref": f"#/components/schemas/{name}"}}}

    found = files(
        {"Sample": refers_to("Zebra")}, {"Zebra": refers_to("Ant"), "Ant": refers_to("Zebra"), "Bee": refers_to("Ant")}
    )

    assert "class Ant(Event)" in found["events/types/ant.py"]
    assert "class Zebra(Event)" in found["events/types/ant.py"]
    assert "events/types/zebra.py" not in found


def test_messages_of_one_name_and_version_are_told_apart() -> None:
    text = """
asyncapi: 3.0.0
info: {title: Sample, version: 1.0.0}
channels:
  a: {address: a, messages: {One: {name: Same, payload: {type: string}}}}
  b: {address: b, messages: {Two: {name: Same, payload: {type: integer}}}}
operations:
  sendA: {action: send, channel: {$ref: '#/channels/a'}}
  sendB: {action: send, channel: {$ref: '#/channels/b'}}
"""
    read = catalog(text)
    package = load_target("python")(read, read.services[0]).value

    assert package is not None
    assert {"events/same.py", "events/same2.py"} <= package.files.keys()
    assert "def same(self, event: SameV1)" in package.files["producers.py"]
    assert "def same2(self, event: Same2V1)" in package.files["producers.py"]
