"""References and `allOf` resolved at the top of a schema, so that one mapping says what the schema asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from eda_gen.model import Json, SchemaId

__all__ = ["Bodies", "JsonObject", "flattened", "is_object", "sole_reference", "variants"]

JsonObject: TypeAlias = "Mapping[str, Json]"
Bodies: TypeAlias = "Mapping[SchemaId, Json]"

_OBJECT_KEYWORDS = frozenset(("properties", "required", "additionalProperties", "patternProperties"))
_SAYINGS = frozenset(("title", "description", "default", "deprecated", "examples"))
_CHOICES = ("oneOf", "anyOf")


def flattened(schema: Json, bodies: Bodies, seen: tuple[str, ...] = ()) -> JsonObject:
    """`schema` without `$ref` and `allOf` at its top. What refers back to itself adds nothing."""
    if not isinstance(schema, Mapping):
        return {}
    if isinstance(target := schema.get("$ref"), str):
        if target in seen:
            return {}
        return {**flattened(bodies.get(SchemaId(target)), bodies, (*seen, target)), **_sayings(schema)}
    merged: JsonObject = {name: value for name, value in schema.items() if name != "allOf"}
    for part in members(schema, "allOf"):
        merged = _combined(merged, flattened(part, bodies, seen))
    return _folded(_with_null(merged), bodies, seen)


def members(schema: JsonObject, keyword: str) -> Sequence[Json]:
    found = schema.get(keyword)
    return found if isinstance(found, Sequence) and not isinstance(found, str) else ()


def sole_reference(schema: JsonObject) -> str | None:
    """The target of `allOf: [{$ref: …}]` with nothing but descriptions beside it."""
    parts = members(schema, "allOf")
    if len(parts) != 1 or schema.keys() - _SAYINGS - {"allOf"}:
        return None
    target = parts[0].get("$ref") if isinstance(parts[0], Mapping) else None
    return target if isinstance(target, str) else None


def is_object(schema: JsonObject) -> bool:
    """Whether a flattened schema describes an object; one that names properties and no type does."""
    if "enum" in schema or "const" in schema:
        return False
    return schema.get("type") == "object" or ("type" not in schema and bool(schema.keys() & _OBJECT_KEYWORDS))


def variants(schema: JsonObject) -> tuple[Json, ...]:
    """The alternatives of a flattened schema that is a choice: of `oneOf` or `anyOf`, or of several types."""
    if "enum" in schema or "const" in schema:
        return ()
    for keyword in _CHOICES:
        if choices := members(schema, keyword):
            null: tuple[Json, ...] = ({"type": "null"},) if schema.get("nullable") is True else ()
            return (*(_with_outer(choice, schema) for choice in choices), *null)
    types = schema.get("type")
    if isinstance(types, str) or not isinstance(types, Sequence):
        return ({**schema, "nullable": False}, {"type": "null"}) if schema.get("nullable") is True else ()
    compound = {"object", "array"} & set(map(str, types)) or len(set(map(str, types)) - {"null"}) > 1
    return tuple({**schema, "type": each} for each in types) if compound else ()


def _with_outer(choice: Json, schema: JsonObject) -> Json:
    """An alternative that names no type has that of the schema around it."""
    if not isinstance(choice, Mapping) or choice.keys() & {"$ref", "type", "allOf", "oneOf", "anyOf", "enum", "const"}:
        return choice
    outer = {name: value for name, value in schema.items() if name not in (*_CHOICES, *_SAYINGS, "nullable")}
    return {**outer, **choice}


def _sayings(schema: JsonObject) -> JsonObject:
    return {name: value for name, value in schema.items() if name in _SAYINGS}


def _combined(first: JsonObject, second: JsonObject) -> JsonObject:
    """What both ask; of two descriptions the first one stays."""
    both = {**first, **second, **_sayings(first)}
    if "properties" in first and "properties" in second:
        both["properties"] = _joined(first, second, "allOf")
    if "required" in first and "required" in second:
        both["required"] = list(dict.fromkeys((*members(first, "required"), *members(second, "required"))))
    if "enum" in first and "enum" in second:
        both["enum"] = [each for each in members(first, "enum") if each in members(second, "enum")]
    return both


def _joined(first: JsonObject, second: JsonObject, keyword: str) -> JsonObject:
    """The properties of both; one that both know is put together by `keyword`."""
    left, right = _properties(first), _properties(second)
    shared = {name: {keyword: _unique(left[name], right[name], keyword)} for name in left if name in right}
    return {**left, **right, **{name: each for name, each in shared.items() if left[name] != right[name]}}


def _unique(left: Json, right: Json, keyword: str) -> list[Json]:
    """Both, with those among them that are put together by the same keyword taken apart; each once."""
    parts = [*_parts(left, keyword), *_parts(right, keyword)]
    return [part for number, part in enumerate(parts) if part not in parts[:number]]


def _parts(schema: Json, keyword: str) -> Sequence[Json]:
    alone = isinstance(schema, Mapping) and schema.keys() == {keyword}
    return members(schema, keyword) if alone and isinstance(schema, Mapping) else (schema,)


def _properties(schema: JsonObject) -> JsonObject:
    found = schema.get("properties")
    return found if isinstance(found, Mapping) else {}


def _with_null(schema: JsonObject) -> JsonObject:
    """OpenAPI's `nullable`, said as JSON Schema says it."""
    kind = schema.get("type")
    if schema.get("nullable") is not True or (not isinstance(kind, str) and "enum" not in schema) or kind == "object":
        return schema
    said = {name: value for name, value in schema.items() if name != "nullable"}
    if "enum" in said:
        return {**said, "enum": list(dict.fromkeys((*members(said, "enum"), None)))}
    return {**said, "type": [kind, "null"]} if isinstance(kind, str) else said


def _folded(schema: JsonObject, bodies: Bodies, seen: tuple[str, ...]) -> JsonObject:
    """An object with alternatives beside its properties: one object that knows the properties of all, optionally."""
    if not is_object(schema):
        return schema
    choices = any(members(schema, keyword) for keyword in _CHOICES)
    if choices and not _properties(schema):
        return {name: value for name, value in schema.items() if name not in ("type", "required")}
    folded = {name: value for name, value in schema.items() if name not in _CHOICES}
    for branch in _branches(schema):
        found = flattened(branch, bodies, seen)
        if _properties(found):
            folded["properties"] = _joined(folded, found, "anyOf")
    return folded


def _branches(schema: JsonObject) -> Iterator[Json]:
    for keyword in _CHOICES:
        yield from members(schema, keyword)
    yield from (schema[keyword] for keyword in ("then", "else") if keyword in schema)
    dependent = schema.get("dependentSchemas", schema.get("dependencies"))
    yield from dependent.values() if isinstance(dependent, Mapping) else ()
