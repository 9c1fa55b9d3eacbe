"""Avro payloads by Avro's schema resolution."""

from __future__ import annotations

import pytest

from eda_gen.compat.avro import compare_avro
from eda_gen.compat.difference import Difference, Direction, Place
from eda_gen.model import Json

NONE, NARROWS, WIDENS, CHANGES = Direction.NONE, Direction.NARROWS, Direction.WIDENS, Direction.CHANGES
ROOT = Place("events.yaml", "/schema")


def record(*fields: Json, **extra: Json) -> Json:
    return {"type": "record", "name": "Order", "fields": list(fields), **extra}


def field(name: str, type_: Json, **extra: Json) -> Json:
    return {"name": name, "type": type_, **extra}


def compared(old: Json, new: Json) -> tuple[Difference, ...]:
    return compare_avro((ROOT, old), (ROOT, new))


UNIT: Json = {"type": "enum", "name": "Unit", "symbols": ["M", "G"]}
MORE: Json = {"type": "enum", "name": "Unit", "symbols": ["M", "G", "L"]}
WITH_DEFAULT: Json = {"type": "enum", "name": "Unit", "symbols": ["M", "G"], "default": "M"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("int", "long", [("avro-type", WIDENS)]),
        ("double", "float", [("avro-type", NARROWS)]),
        ("string", "bytes", [("avro-type", NONE)]),
        ("int", "boolean", [("avro-type", CHANGES)]),
        ({"type": "array", "items": "int"}, {"type": "array", "items": "string"}, [("avro-type", CHANGES)]),
        ({"type": "map", "values": "int"}, {"type": "map", "values": "long"}, [("avro-type", WIDENS)]),
        (UNIT, MORE, [("avro-symbols", WIDENS)]),
        (MORE, UNIT, [("avro-symbols", NARROWS)]),
        (MORE, WITH_DEFAULT, [("avro-symbols", NONE)]),
        ({"type": "fixed", "name": "Id", "size": 8}, {"type": "fixed", "name": "Id", "size": 16}, [("avro-type", CHANGES)]),
        (["null", "int"], ["int", "null"], []),
        (["null", "int"], ["null", "int", "string"], [("avro-union", WIDENS)]),
        (["null", "int"], "int", [("avro-union", NARROWS)]),
        ("int", ["null", "int"], [("avro-union", WIDENS)]),
        ("int", ["null", "long"], [("avro-union", WIDENS), ("avro-union", WIDENS)]),
        ({"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}, {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2}, [("avro-logical-type", CHANGES)]),
    ],
)  # fmt: skip
def test_types_are_read_as_schema_resolution_says(old: Json, new: Json, expected: list[tuple[str, Direction]]) -> None:
    assert [(each.rule.name, each.direction) for each in compared(old, new)] == expected


def test_a_field_needs_a_default_on_the_side_that_reads_without_it() -> None:
    plain, with_default = field("note", "string"), field("note", "string", default="")

    directions = [
        [each.direction for each in compared(*pair)]
        for pair in (
            (record(), record(plain)),
            (record(), record(with_default)),
            (record(plain), record()),
            (record(with_default), record()),
        )
    ]

    assert directions == [[NARROWS], [NONE], [WIDENS], [NONE]]


def test_an_alias_lets_new_readers_find_a_renamed_field_and_old_ones_not() -> None:
    old, new = record(field("sum", "int")), record(field("total", "int", aliases=["sum"]))

    assert [(each.rule.name, each.direction) for each in compared(old, new)] == [("avro-name", WIDENS)]


def test_a_record_is_known_by_its_name_or_its_aliases() -> None:
    renamed: Json = {"type": "record", "name": "Purchase", "fields": [], "aliases": ["Order"]}

    assert [(each.rule.name, each.direction) for each in compared(record(), renamed)] == [("avro-name", WIDENS)]


def test_a_recursive_schema_ends_and_a_change_in_it_is_found_once() -> None:
    old, new = (
        record(field("value", value), field("next", ["null", "Order"], default=None), namespace="shop")
        for value in ("int", "string")
    )

    found = compared(old, new)

    assert [(each.rule.name, each.new.pointer) for each in found] == [("avro-type", "/schema/fields/0/type")]


def test_a_type_moved_to_where_it_is_first_used_is_the_same() -> None:
    inline = record(field("a", UNIT), field("b", "Unit"))

    assert compared(inline, record(field("b", UNIT), field("a", "Unit"))) == ()
