"""Every payload that an older version's schema allows becomes one that the newer version's schema allows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from tests.generated import Importable, generate, importable
from tests.integration.test_payload_properties import drawn_from, fields, object_schemas

from eda_gen.emit.python.naming import snake
from eda_runtime.codec import decode, encode
from eda_runtime.contracts import AnySubscription
from eda_runtime.versions import upcast

Json = Any
TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
LINE = fields("sku", sku=TEXT)
LINE_WITH_COUNT = fields("sku", sku=TEXT, count={"type": "integer", "default": 1})


@dataclass(frozen=True)
class Versions:
    """Schemas, the oldest first, and how each but the first comes of the one before."""

    schemas: Sequence[Json]
    maps: Sequence[Mapping[str, Json] | None]


LINEAGES: dict[str, Versions] = {
    "OptionalAdded": Versions([fields("a", a=TEXT), fields("a", a=TEXT, b=WHOLE)], [None]),
    "DefaultAdded": Versions([fields(a=TEXT), fields(a=TEXT, b={"type": "string", "default": "x"})], [None]),
    "OptionalRemoved": Versions([fields("a", a=TEXT, b=WHOLE), fields("a", a=TEXT)], [None]),
    "MadeOptional": Versions([fields("a", a=TEXT), fields(a=TEXT)], [None]),
    "Widened": Versions(
        [
            fields("a", "b", a=WHOLE, b={"enum": ["x"]}, c={"type": "string", "format": "date"}),
            fields("a", "b", a={"type": "number"}, b={"enum": ["x", "y"]}, c=TEXT),
        ],
        [None],
    ),
    "Nullable": Versions([fields("a", a=TEXT), fields("a", a={"type": ["string", "null"]})], [None]),
    "InsideOthers": Versions(
        [
            fields(
                "lines", lines={"type": "array", "items": LINE}, by={"type": "object", "additionalProperties": LINE}
            ),
            fields(
                "lines",
                lines={"type": "array", "items": LINE_WITH_COUNT},
                by={"type": "object", "additionalProperties": LINE_WITH_COUNT},
            ),
        ],
        [None],
    ),
    "NotAnObject": Versions(
        [{"type": "array", "items": WHOLE}, {"type": "array", "items": {"type": "number"}}], [None]
    ),
    "Anything": Versions([fields("a", a=TEXT), {}], [None]),
    "Renamed": Versions(
        [fields("total", total=WHOLE), fields("amount", amount=WHOLE)], [{"amount": {"rename": "total"}}]
    ),
    "RenamedWithDefault": Versions(
        [fields(total=WHOLE), fields("amount", amount=WHOLE)], [{"amount": {"rename": "total", "default": 0}}]
    ),
    "Exchanged": Versions(
        [fields("a", "b", a=TEXT, b=WHOLE), fields("a", "b", a=WHOLE, b=TEXT)],
        [{"a": {"rename": "b"}, "b": {"rename": "a"}}],
    ),
    "Filled": Versions(
        [fields(a=TEXT), fields("a", "b", a=TEXT, b={"enum": [1, 2]})],
        [{"a": {"default": ""}, "b": {"constant": 2}}],
    ),
    "Dropped": Versions([fields(a=TEXT), fields(a=WHOLE)], [{"a": {"drop": True}}]),
    "Nested": Versions(
        [
            fields("street", street=TEXT, zip=TEXT, city=TEXT),
            fields("address", address=fields("street", street=TEXT, postcode=TEXT), city=TEXT),
        ],
        [{"address": {"nest": {"street": "street", "postcode": "zip"}}}],
    ),
    "Unnested": Versions(
        [fields("address", address=fields("street", street=TEXT, zip=TEXT)), fields("street", street=TEXT, zip=TEXT)],
        [{"street": {"rename": "address/street"}, "zip": {"rename": "address/zip"}}],
    ),
    "Split": Versions(
        [fields("name", name=TEXT), fields("first", "last", first=TEXT, last=TEXT)],
        [
            {
                "first": {"split": {"field": "name", "by": " ", "part": "first"}},
                "last": {"split": {"field": "name", "by": " ", "part": "rest"}, "default": ""},
            }
        ],
    ),
    "Joined": Versions(
        [
            {"allOf": [fields("a", a=TEXT), fields(b=WHOLE)]},
            {"allOf": [fields("c", c=TEXT), fields(b=WHOLE, d={"type": "boolean"})]},
        ],
        [{"c": {"rename": "a"}}],
    ),
    "HostileNames": Versions(
        [fields("a/b", **{"a/b": TEXT, "class": WHOLE}), fields("x", **{"x": TEXT, "model_config": WHOLE})],
        [{"x": {"rename": "a~1b"}, "model_config": {"rename": "class"}}],
    ),
    "Chained": Versions(
        [
            fields("total", total=WHOLE),
            fields("total", total=WHOLE, note=TEXT),
            fields("amount", "note", amount=WHOLE, note=TEXT),
            fields("money", "note", money=fields("amount", "currency", amount=WHOLE, currency=TEXT), note=TEXT),
        ],
        [
            None,
            {"amount": {"rename": "total"}, "note": {"default": "none"}},
            {"money": {"nest": {"amount": "amount"}}, "money/currency": {"constant": "EUR"}},
        ],
    ),
}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Importable]:
    base = tmp_path_factory.mktemp("upcasts")
    (base / "sample.yaml").write_text(spec_of_versions(LINEAGES), "utf-8")
    with importable(base) as packages:
        assert generate(packages.folder, base / "sample.yaml") == 0
        yield packages


@pytest.mark.parametrize("name", LINEAGES)
def test_whatever_an_older_version_allows_becomes_what_the_newest_allows(sample: Importable, name: str) -> None:
    versions = LINEAGES[name]
    subscription = subscriptions_of(sample)[name]

    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        for number, schema in enumerate(versions.schemas[:-1], 1):
            assert_upcasts(subscription, number, data.draw(drawn_from(schema)), versions.schemas[-1])

    assert len(subscription.upcasts) == len(versions.schemas) - 1
    check()


GOES_BACK = {
    *("OptionalAdded", "DefaultAdded", "OptionalRemoved", "InsideOthers", "Filled", "Renamed", "RenamedWithDefault"),
    *("Exchanged", "Nested", "Unnested", "Joined", "HostileNames", "Chained"),
}


def test_ways_back_are_generated_where_they_follow_from_the_spec(sample: Importable) -> None:
    assert {name for name in LINEAGES if all(downcasts_of(sample, name))} == GOES_BACK


@pytest.mark.parametrize("name", sorted(GOES_BACK))
def test_whatever_a_newer_version_allows_becomes_what_the_older_allows(sample: Importable, name: str) -> None:
    schemas, ways = LINEAGES[name].schemas, downcasts_of(sample, name)
    contracts = {each.older.version: each.older for each in subscriptions_of(sample)[name].upcasts}
    contracts[len(schemas)] = subscriptions_of(sample)[name].messages[0]

    @settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: st.DataObject) -> None:
        for version, downcast in zip(range(len(schemas), 1, -1), ways, strict=True):
            payload = data.draw(drawn_from(schemas[version - 1]))
            assert downcast is not None
            written = json.loads(encode(downcast(decode(contracts[version], json.dumps(payload).encode()))))
            validator = Draft7Validator(schemas[version - 2], format_checker=Draft7Validator.FORMAT_CHECKER)
            assert [error.message for error in validator.iter_errors(written)] == [], (payload, written)

    check()


def downcasts_of(packages: Importable, name: str) -> list[Callable[[Any], Any] | None]:
    """The generated function of each step back, from the newest on; nothing where it is written by hand."""
    module = snake(name)
    events = packages.module(f"sample.events.{module}")
    newest = len(LINEAGES[name].schemas)
    return [getattr(events, f"downcast_{module}_v{each}_to_v{each - 1}", None) for each in range(newest, 1, -1)]


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_is_taken_for_additive_is(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    """Over pairs that nobody chose: where an upcaster is generated, it yields what the newer schema allows."""
    pairs = data.draw(st.lists(st.tuples(object_schemas(), extensions()), min_size=8, max_size=8))
    lineages = {
        f"Message{letter}": Versions([schema, extended(schema, more)], [None])
        for letter, (schema, more) in zip("ABCDEFGH", pairs, strict=True)
    }
    base = tmp_path_factory.mktemp("drawn")
    (base / "sample.yaml").write_text(spec_of_versions(lineages), "utf-8")

    with importable(base) as packages:
        assert generate(packages.folder, base / "sample.yaml") == 0
        for name, subscription in subscriptions_of(packages).items():
            old, new = lineages[name].schemas
            for payload in data.draw(st.lists(drawn_from(old), max_size=4)) if subscription.upcasts else ():
                assert_upcasts(subscription, 1, payload, new)


def extensions() -> st.SearchStrategy[Json]:
    """Properties to add or to change, and whether they are required."""
    return st.tuples(
        st.dictionaries(st.sampled_from(["new", "value", "a_b"]), object_schemas(), max_size=2), st.booleans()
    )


def extended(schema: Json, more: Json) -> Json:
    properties, required = more
    demanded = sorted({*schema.get("required", ()), *(properties if required else ())})
    return {**schema, "properties": {**schema.get("properties", {}), **properties}, "required": demanded}


def assert_upcasts(subscription: AnySubscription, version: int, payload: Json, schema: Json) -> None:
    contract = next(each.older for each in subscription.upcasts if each.older.version == version)
    old = decode(contract, json.dumps(payload).encode())

    newest, new = upcast(subscription.upcasts, contract, old)

    validator = Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)
    written = json.loads(encode(new))
    assert newest.version == len(subscription.upcasts) + 1
    assert [error.message for error in validator.iter_errors(written)] == [], (payload, written)


def subscriptions_of(packages: Importable) -> dict[str, AnySubscription]:
    """By message name."""

    class Handlers:
        def __getattr__(self, name: str) -> object:
            return None

    found = packages.module("sample.consumers").subscriptions(Handlers())
    return {each.messages[-1].name: each for each in found}


def spec_of_versions(lineages: Mapping[str, Versions]) -> str:
    """A document with an operation for each lineage, which takes its newest version."""
    messages, operations, references = dict[str, Json](), dict[str, Json](), dict[str, Json]()
    for name, versions in lineages.items():
        for number, schema in enumerate(versions.schemas, 1):
            messages[f"{name}.v{number}"] = {"name": name, "payload": schema, "x-eda": {"version": number}}
            references[f"{name}.v{number}"] = {"$ref": f"#/components/messages/{name}.v{number}"}
        for (number, _), stated in zip(pairwise(range(1, len(versions.schemas) + 1)), versions.maps, strict=True):
            if stated is not None:
                messages[f"{name}.v{number + 1}"]["x-eda"]["upcast"] = {"from": number, "map": stated}
        newest = {"$ref": f"#/channels/all/messages/{name}.v{len(versions.schemas)}"}
        operations[f"on{name}"] = {"action": "receive", "channel": {"$ref": "#/channels/all"}, "messages": [newest]}
        operations[f"send{name}"] = {
            "action": "send",
            "channel": {"$ref": "#/channels/all"},
            "messages": [newest],
            "x-eda": {"publishes": [*range(1, len(versions.schemas) + 1)]},
        }
    document = {
        "asyncapi": "3.0.0",
        "info": {"title": "Sample", "version": "1.0.0"},
        "channels": {"all": {"address": "all", "messages": references}},
        "operations": operations,
        "components": {"messages": messages},
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
