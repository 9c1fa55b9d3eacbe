"""Schemas of messages, and changes to them as people make them: generated from a seed."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any, TypeAlias

__all__ = ["avro_history", "json_history"]

Body: TypeAlias = "dict[str, Any]"
Change: TypeAlias = Callable[[Random, Body], None]

SCALARS: tuple[Body, ...] = (
    {"type": "string"},
    {"type": "string", "maxLength": 20},
    {"type": "integer"},
    {"type": "integer", "minimum": 0},
    {"type": "number"},
    {"type": "boolean"},
    {"type": "string", "enum": ["a", "b"]},
    {"type": "string", "pattern": "^[a-z]+$"},
    {"type": "string", "format": "date"},
    {"type": "string", "const": "a"},
    {"type": "number", "multipleOf": 2},
    {"type": ["string", "null"]},
    {"oneOf": [{"type": "string"}, {"type": "null"}]},
    {"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
    {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "object", "properties": {"x": {"type": "string"}}}]},
    {"$ref": "#/definitions/Money"},
    {"type": "array", "items": {"type": "string"}},
    {"type": "array", "items": {"type": "integer"}, "maxItems": 9},
)
NAMES = ("id", "total", "note", "lines", "state", "email", "code")


def json_history(random: Random, length: int) -> list[Body]:
    """A message's JSON Schema, and what became of it change by change."""
    return _history(random, _json_object(random, nested=True), length, JSON_CHANGES)


def avro_history(random: Random, length: int) -> list[Body]:
    """A message's Avro record, and what became of it change by change."""
    return _history(random, _avro_record(random), length, AVRO_CHANGES)


def _history(random: Random, first: Body, length: int, changes: tuple[Change, ...]) -> list[Body]:
    found = [first]
    while len(found) < length:
        body: Body = json.loads(json.dumps(found[-1]))
        for change in random.sample(changes, random.choice((1, 1, 1, 2))):
            change(random, body)
        found += [body] if body not in found else []
    return found


def _json_object(random: Random, *, nested: bool = False) -> Body:
    names = random.sample(NAMES, random.randint(1, 4))
    properties = {name: dict(random.choice(SCALARS)) for name in names}
    if nested and random.random() < 0.5:
        properties["inner"] = _json_object(random)
    body: Body = {
        "type": "object",
        "properties": properties,
        "required": random.sample(names, random.randint(0, 2) % len(names)),
    }
    if random.random() < 0.5:
        body["additionalProperties"] = random.choice((False, False, {"type": "string"}))
    if nested:
        body["definitions"] = {"Money": _json_object(random)}
    return body


def _a_json_object(random: Random, body: Body) -> Body:
    inner = body["properties"].get("inner")
    return inner if inner and "properties" in inner and random.random() < 0.5 else body


def _add_property(random: Random, body: Body) -> None:
    body = _a_json_object(random, body)
    name = random.choice((*NAMES, "added"))
    body["properties"].setdefault(name, dict(random.choice(SCALARS)))
    if random.random() < 0.3 and name not in body["required"]:
        body["required"].append(name)


def _remove_property(random: Random, body: Body) -> None:
    body = _a_json_object(random, body)
    if body["properties"]:
        name = random.choice(sorted(body["properties"]))
        del body["properties"][name]
        body["required"] = [each for each in body["required"] if each != name]


def _change_property(random: Random, body: Body) -> None:
    body = _a_json_object(random, body)
    if body["properties"]:
        body["properties"][random.choice(sorted(body["properties"]))] = dict(random.choice(SCALARS))


def _change_required(random: Random, body: Body) -> None:
    body = _a_json_object(random, body)
    if body["properties"]:
        name = random.choice(sorted(body["properties"]))
        known = body["required"]
        body["required"] = [each for each in known if each != name] if name in known else [*known, name]


def _open_or_close(random: Random, body: Body) -> None:
    body = _a_json_object(random, body)
    if "additionalProperties" in body:
        del body["additionalProperties"]
    else:
        body["additionalProperties"] = False


def _change_limit(random: Random, body: Body) -> None:
    members = _a_json_object(random, body)["properties"].values()
    scalars = [each for each in members if "properties" not in each]
    for each in random.sample(scalars, min(1, len(scalars))):
        limits = {"string": "maxLength", "integer": "minimum", "number": "maximum", "array": "maxItems"}
        keyword = limits.get(str(each.get("type")))
        if keyword in each and random.random() < 0.3:
            del each[keyword]
        elif keyword is not None:
            each[keyword] = random.choice((1, 5, 20, 40))


def _change_money(random: Random, body: Body) -> None:
    random.choice((_add_property, _remove_property, _change_required))(random, body["definitions"]["Money"])


def _change_values(random: Random, body: Body) -> None:
    for each in body["properties"].values():
        if "enum" in each:
            each["enum"] = random.choice((["a"], ["a", "b", "c"], ["b", "c"]))


def _describe(random: Random, body: Body) -> None:
    body["description"] = f"said otherwise {random.random()}"


JSON_CHANGES: tuple[Change, ...] = (
    *(_add_property, _remove_property, _change_property, _change_required),
    *(_open_or_close, _change_limit, _change_values, _change_money, _describe),
)

AVRO_TYPES: tuple[Any, ...] = (
    *("int", "long", "float", "double", "string", "bytes", "boolean"),
    ["null", "string"],
    ["null", "long", "string"],
    {"type": "array", "items": "int"},
    {"type": "array", "items": "long"},
    {"type": "map", "values": "string"},
    {"type": "enum", "name": "State", "symbols": ["A", "B"]},
    {"type": "enum", "name": "State", "symbols": ["A", "B", "C"], "default": "A"},
    {"type": "fixed", "name": "Hash", "size": 16},
    {"type": "record", "name": "Inner", "fields": [{"name": "x", "type": "int"}]},
)
DEFAULTS: dict[str, Any] = {
    "int": 0,
    "long": 0,
    "float": 0.0,
    "double": 0.0,
    "string": "",
    "bytes": "",
    "boolean": False,
}


def _avro_field(random: Random, name: str, types: tuple[Any, ...] = AVRO_TYPES) -> Body:
    type_ = random.choice(types)
    field: Body = {"name": name, "type": type_}
    if random.random() < 0.5:
        if isinstance(type_, str):
            field["default"] = DEFAULTS[type_]
        elif isinstance(type_, list):
            field["default"] = None
    return field


def _avro_record(random: Random) -> Body:
    fields = [_avro_field(random, name, AVRO_TYPES[:12]) for name in random.sample(NAMES, random.randint(1, 4))]
    return {
        "type": "record",
        "name": "Order",
        "namespace": "sales",
        "fields": [*fields, _avro_field(random, "special", AVRO_TYPES[12:])],
    }


def _add_field(random: Random, body: Body) -> None:
    name = random.choice((*NAMES, "added"))
    if name not in [known for each in body["fields"] for known in (each["name"], *each.get("aliases", ()))]:
        body["fields"].append(_avro_field(random, name, AVRO_TYPES[:12]))


def _remove_field(random: Random, body: Body) -> None:
    if body["fields"]:
        body["fields"].pop(random.randrange(len(body["fields"])))


def _change_field(random: Random, body: Body) -> None:
    for field in random.sample(body["fields"], min(1, len(body["fields"]))):
        types = AVRO_TYPES[12:] if field["name"] == "special" else AVRO_TYPES[:12]
        body["fields"][body["fields"].index(field)] = _avro_field(random, field["name"], types)


def _rename_field(random: Random, body: Body) -> None:
    for field in random.sample(body["fields"], min(1, len(body["fields"]))):
        if field["name"] != "special" and "renamed" not in [each["name"] for each in body["fields"]]:
            field["aliases"], field["name"] = [field["name"]], "renamed"


def _rename_record(random: Random, body: Body) -> None:
    if random.random() < 0.5:
        body["aliases"] = [body["name"]]
    body["name"] = "Renamed"


AVRO_CHANGES: tuple[Change, ...] = (
    _add_field,
    _add_field,
    _remove_field,
    _change_field,
    _change_field,
    _rename_field,
    _rename_record,
)
