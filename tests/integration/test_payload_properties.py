"""What a generated class writes, the spec's JSON Schema allows; and what the schema allows, the class reads.

`docs/json-schema.md` lists what classes do not check: that direction, a class that reads more, is not tested here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_jsonschema import from_schema
from jsonschema import Draft7Validator
from tests.generated import Importable, generate, importable, spec_of

from eda_runtime.codec import decode, encode
from eda_runtime.contracts import MessageContract

Json = Any

COMPONENTS: dict[str, Json] = {
    "Money": {
        "type": "object",
        "required": ["amount", "currency"],
        "properties": {
            "amount": {"type": "string", "pattern": r"^-?[0-9]{1,12}\.[0-9]{2}$"},
            "currency": {"type": "string", "enum": ["EUR", "USD", "GBP"]},
        },
    },
    "Named": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    "Sku": {"type": "string", "minLength": 1, "maxLength": 20},
}


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def fields(*required: str, **properties: Json) -> Json:
    return {"type": "object", "required": list(required), "properties": properties}


PAYLOADS: dict[str, Json] = {
    "Scalars": fields(
        "a", "b", a={"type": "string"}, b={"type": "integer"}, c={"type": "number"}, d={"type": "boolean"}
    ),
    "Bounds": fields(
        "text",
        text={"type": "string", "minLength": 2, "maxLength": 5},
        whole={"type": "integer", "minimum": -3, "exclusiveMaximum": 12, "multipleOf": 3},
        part={"type": "number", "exclusiveMinimum": 0, "maximum": 1.5},
        tags={"type": "array", "items": {"type": "string", "maxLength": 3}, "minItems": 1, "maxItems": 4},
    ),
    "Formats": fields(
        "id",
        id={"type": "string", "format": "uuid"},
        day={"type": "string", "format": "date"},
        mail={"type": "string", "format": "email"},
        site={"type": "string", "format": "uri"},
    ),
    "Times": fields(
        at={"type": "string", "format": "date-time"},
        time={"type": "string", "format": "time"},
        price={"type": "string", "format": "decimal"},
        lasts={"type": "string", "format": "duration"},
    ),
    "Nullable": fields("a", a={"type": ["string", "null"]}, b={"type": ["integer", "null"]}, c={"type": "null"}),
    "NullableEnum": fields(a={"enum": ["x", "y", None]}, b={"type": ["string", "null"], "enum": ["x", None]}),
    "Enums": fields("a", a={"enum": ["", "a b", "a-b", "None", "mro", "1"]}, b={"type": "integer", "enum": [1, 2, 10]}),
    "MixedEnums": fields(a={"enum": [1, "x", True, 2.5]}, b={"enum": [[1], {"x": 1}]}, c={"enum": [True]}),
    "Constants": fields("kind", kind={"const": "order"}, number={"const": 3}, flag={"const": True}, any={"const": [1]}),
    "Defaults": fields(
        "a",
        a={"type": "string", "default": "x"},
        b={"type": "integer", "default": 3},
        c={"type": "array", "default": []},
    ),
    "Nested": fields(
        "outer",
        outer=fields(
            "inner",
            inner=fields("x", x={"type": "integer"}),
            list={"type": "array", "items": fields(y={"type": "string"})},
        ),
    ),
    "Shared": fields(
        "total", total=ref("Money"), lines={"type": "array", "items": fields("sku", sku=ref("Sku"), price=ref("Money"))}
    ),
    "Merged": {"allOf": [ref("Named"), fields("x", x={"type": "integer"})]},
    "MergedTwice": {"allOf": [fields("a", a={"type": "integer"}), fields("a", a={"minimum": 3})]},
    "Choice": fields("a", a={"oneOf": [ref("Money"), ref("Named"), {"type": "integer", "minimum": 3}]}),
    "ChoiceAtTop": {
        "anyOf": [ref("Money"), fields("x", x={"type": "integer"}), {"type": "array", "items": {"type": "string"}}]
    },
    "ChoiceBeside": {
        "type": "object",
        "properties": {"a": {"type": "string"}},
        "anyOf": [{"required": ["a"]}, fields("b", b={"type": "integer"})],
    },
    "SeveralTypes": fields(
        a={"type": ["string", "integer"]}, b={"type": ["object", "null"], "properties": {"x": {"type": "string"}}}
    ),
    "Maps": fields(
        a={"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}},
        b={"type": "object"},
        c={"type": "object", "patternProperties": {"^a": {"type": "string"}}, "additionalProperties": False},
    ),
    "Closed": {**fields("a", a={"type": "string"}), "additionalProperties": False},
    "Open": {**fields("a", a={"type": "string"}), "additionalProperties": {"type": "integer"}},
    "Tuples": fields(
        a={"type": "array", "items": [{"type": "string"}, {"type": "integer"}], "minItems": 2, "maxItems": 2},
        b={"type": "array", "items": [{"type": "string"}, {"type": "integer"}]},
    ),
    "Unchecked": fields(
        a={"type": "array", "uniqueItems": True, "items": {"type": "integer"}},
        b={"not": {"type": "string"}},
        c={"type": "number", "multipleOf": 0.5},
    ),
    "Booleans": fields("a", a=True, c={}),
    "Hostile": fields(
        "class",
        "a b",
        **{
            "class": {"type": "string"},
            "a b": {"type": "integer"},
            "a-b": {"type": "integer"},
            "a_b": {"type": "integer"},
            "model_config": {"type": "string"},
            "copy": {"type": "string"},
            "self": {"type": "string"},
            "date": {"type": "string", "format": "date"},
            "_x": {"type": "string"},
            "": {"type": "string"},
            "😀": {"type": "string"},
            "str": {"type": "string"},
        },
    ),
    "Text": {"type": "string", "minLength": 3},
    "Numbers": {"type": "array", "items": {"type": "number"}},
    "Names": {"type": "object", "additionalProperties": ref("Named")},
    "Anything": {},
    "AnyObject": {"type": "object"},
    "EmptyObject": {"type": "object", "additionalProperties": False},
    "OneOfThree": {"type": "string", "enum": ["a", "b", "c"]},
    "Lookahead": fields("a", a={"type": "string", "pattern": "^(?=a)[a-c]+$"}),
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Importable]:
    """A package that has all of `PAYLOADS`."""
    base = tmp_path_factory.mktemp("payloads")
    (base / "sample.yaml").write_text(spec_of(PAYLOADS, COMPONENTS), "utf-8")
    with importable(base) as packages:
        assert generate(packages.folder, base / "sample.yaml") == 0
        yield packages


@pytest.mark.parametrize("name", PAYLOADS)
def test_what_the_schema_allows_is_read_and_what_is_written_the_schema_allows(sample: Importable, name: str) -> None:
    contract = contract_of(sample, "sample", name)

    @settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(drawn_from(rooted(PAYLOADS[name])))
    def check(payload: Json) -> None:
        assert_round_trip(contract, PAYLOADS[name], payload)

    check()


@pytest.mark.parametrize("name", [name for name, each in PAYLOADS.items() if "properties" in each])
def test_unknown_fields_are_read_over(sample: Importable, name: str) -> None:
    contract = contract_of(sample, "sample", name)

    @settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(drawn_from(rooted(PAYLOADS[name])), drawn_from({}))
    def check(payload: Json, unknown: Json) -> None:
        decode(contract, json.dumps({**payload, "a field of tomorrow": unknown}).encode())

    check()


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_schemas_that_nobody_chose_hold_too(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    schemas = data.draw(st.lists(object_schemas(), min_size=4, max_size=4))
    payloads = {f"Message{letter}": schema for letter, schema in zip("ABCD", schemas, strict=True)}
    base = tmp_path_factory.mktemp("drawn")
    (base / "sample.yaml").write_text(spec_of(payloads), "utf-8")

    with importable(base) as packages:
        assert generate(packages.folder, base / "sample.yaml") == 0
        for name, schema in payloads.items():
            for payload in data.draw(st.lists(drawn_from(schema), max_size=4)):
                assert_round_trip(contract_of(packages, "sample", name), schema, payload)


def object_schemas() -> st.SearchStrategy[Json]:
    names = st.sampled_from(["a", "b c", "class", "Field", "aB", "a_b", "é", "9", "type"])
    return st.recursive(scalar_schemas(), lambda inner: containers(names, inner), max_leaves=8).map(
        lambda schema: schema if schema.get("type") == "object" else fields(value=schema)
    )


def containers(names: st.SearchStrategy[str], inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    properties = st.dictionaries(names, inner, max_size=4)
    objects = st.tuples(properties, st.booleans()).map(
        lambda drawn: {"type": "object", "properties": drawn[0], "required": sorted(drawn[0])[:1] if drawn[1] else []}
    )
    arrays = st.builds(
        lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 2)
    )
    maps = inner.map(lambda value: {"type": "object", "additionalProperties": value})
    choices = st.lists(inner, min_size=1, max_size=3).map(lambda each: {"anyOf": each})
    return objects | arrays | maps | choices


def scalar_schemas() -> st.SearchStrategy[Json]:
    texts = st.builds(lambda least: {"type": "string", "minLength": least, "maxLength": least + 3}, st.integers(0, 3))
    numbers = st.builds(lambda least: {"type": "integer", "minimum": least, "maximum": least + 9}, st.integers(-9, 9))
    plain = st.sampled_from(["string", "integer", "number", "boolean", "null"]).map(lambda kind: {"type": kind})
    nullable = st.sampled_from(["string", "integer", "boolean"]).map(lambda kind: {"type": [kind, "null"]})
    enums = st.lists(st.sampled_from(["a", "A", "a b", "", "x-1", None]), min_size=1, unique=True).map(
        lambda values: {"enum": values}
    )
    return texts | numbers | plain | nullable | enums | st.just({})


def contract_of(packages: Importable, package: str, name: str) -> MessageContract[Any]:
    groups = [module for module in packages_events(packages, package) if hasattr(module, name)]
    contract: MessageContract[Any] = next(v for v in vars(groups[0]).values() if isinstance(v, MessageContract))
    return contract


def packages_events(packages: Importable, package: str) -> list[Any]:
    paths = sorted((packages.folder / package / "events").glob("[a-z]*.py"))
    return [packages.module(f"{package}.events.{path.stem}") for path in paths]


def drawn_from(schema: Json) -> st.SearchStrategy[Json]:
    """Values that the schema allows, of formats that the drafts since 2019 name or that are ours, too."""
    formats = {"uuid": st.uuids().map(str), "decimal": st.decimals(allow_nan=False, allow_infinity=False).map(str)}
    return from_schema(schema, custom_formats=formats)


def rooted(schema: Mapping[str, Json]) -> Json:
    """The schema in a document in which its references lead somewhere."""
    return {**schema, "components": {"schemas": COMPONENTS}}


def assert_round_trip(contract: MessageContract[Any], schema: Json, payload: Json) -> None:
    read = decode(contract, json.dumps(payload).encode())
    written = json.loads(encode(read))

    validator = Draft7Validator(rooted(schema), format_checker=Draft7Validator.FORMAT_CHECKER)
    assert [error.message for error in validator.iter_errors(written)] == [], (payload, written)
