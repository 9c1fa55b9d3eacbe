"""What an upcast makes of the older version's schema: every payload that can come out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from jsonschema import Draft7Validator

from eda_gen.model import Catalog, Json, SchemaFormat, SchemaId, UpcastRule

__all__ = ["Misfit", "path_of", "upcast_schema"]

_PLAIN = frozenset(("properties", "required", "additionalProperties", "patternProperties"))
"""What is kept of an object's schema. Leaving a limit out of the older side claims too little, never too much."""

_DEEPEST = 12
_Object: TypeAlias = "dict[str, Json]"


class Misfit(Exception):
    """A rule names a field that is not there, or a value that the newer version does not allow."""

    def __init__(self, rule: UpcastRule, told: str, code: str) -> None:
        super().__init__(told)
        self.rule = rule
        self.told = told
        self.code = code


@dataclass(frozen=True, slots=True)
class _Field:
    schema: Json
    sure: bool
    """Whether every payload has it."""


def path_of(field: str) -> tuple[str, ...]:
    """The names that lead to a field: `address/street` is one inside another; `~1` stands for a slash."""
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in field.removeprefix("/").split("/"))


def upcast_schema(catalog: Catalog, old: SchemaId | None, new: SchemaId | None, rules: Sequence[UpcastRule]) -> Json:
    """The JSON Schema of what `rules` make of payloads of `old`. Raises `Misfit`."""
    for rule in rules:
        if any(len(path) > _DEEPEST for path in (path_of(rule.target), *_consumed(rule))):
            raise Misfit(rule, f"a field that is more than {_DEEPEST} levels deep", "EDA408")
    before = _object(catalog, {"$ref": old}) if old is not None else {}
    after = {"$ref": new} if new is not None else {}
    result = before
    for path in (path for rule in rules for path in _consumed(rule)):
        result = _without(catalog, result, path)
    for rule in rules:
        for path, found in _made(catalog, before, after, rule):
            result = _with(catalog, result, path, found)
    return result


def _consumed(rule: UpcastRule) -> Iterator[tuple[str, ...]]:
    """The fields of the older version that are not kept under their own name."""
    fields = [rule.target] if rule.drop else [each for each in (rule.rename, *(old for _, old in rule.nest)) if each]
    fields += [rule.split.field] if rule.split is not None else []
    return map(path_of, fields)


def _made(catalog: Catalog, before: Json, after: Json, rule: UpcastRule) -> Iterator[tuple[tuple[str, ...], _Field]]:
    target = path_of(rule.target)
    if rule.drop:
        _source(catalog, before, rule.target, rule)
        return
    wanted = _target(catalog, after, target, rule)
    _check_way(catalog, before, target, rule)
    if rule.has_constant:
        _check(catalog, wanted, rule.constant, rule)
        yield target, _Field(wanted, sure=True)
    elif rule.nest:
        yield target, _Field({"type": "object"}, sure=True)
        for name, old in rule.nest:
            _target(catalog, after, (*target, name), rule)
            yield (*target, name), _source(catalog, before, old, rule)
    else:
        yield target, _defaulted(catalog, _given(catalog, before, rule), wanted, rule)


def _given(catalog: Catalog, before: Json, rule: UpcastRule) -> _Field | None:
    """What a rule finds in the older version."""
    if rule.rename is not None:
        return _source(catalog, before, rule.rename, rule)
    if rule.split is None:
        return _find(catalog, before, path_of(rule.target))
    source = _source(catalog, before, rule.split.field, rule)
    schema = _resolved(catalog, source.schema)
    if not isinstance(schema, Mapping) or schema.get("type") != "string":
        raise Misfit(rule, f"`{rule.split.field}` is not always text, so it cannot be split", "EDA408")
    return _Field({"type": "string"}, sure=source.sure and rule.split.part.value == "first")


def _defaulted(catalog: Catalog, given: _Field | None, wanted: Json, rule: UpcastRule) -> _Field:
    if not rule.has_default:
        assert given is not None
        return given
    _check(catalog, wanted, rule.default, rule)
    return _Field(given.schema, sure=True) if given is not None else _Field(wanted, sure=True)


def _source(catalog: Catalog, before: Json, field: str, rule: UpcastRule) -> _Field:
    found = _find(catalog, before, path_of(field))
    if found is None and _says_all(catalog, before):
        raise Misfit(rule, f"`{field}`, which the older version does not have", "EDA407")
    return found or _Field({}, sure=False)


def _target(catalog: Catalog, after: Json, path: tuple[str, ...], rule: UpcastRule) -> Json:
    found = _find(catalog, after, path)
    if found is None and _says_all(catalog, after):
        raise Misfit(rule, f"`{'/'.join(path)}`, which the newer version does not have", "EDA407")
    return found.schema if found is not None else {}


def _check_way(catalog: Catalog, before: Json, target: tuple[str, ...], rule: UpcastRule) -> None:
    """A field can be put into an object that was there before, if nothing else can be in its place."""
    for length in range(1, len(target)):
        found = _find(catalog, before, target[:length])
        if found is not None and not _object(catalog, found.schema):
            raise Misfit(rule, f"`{'/'.join(target[:length])}` is not always an object in the older version", "EDA408")


def _check(catalog: Catalog, schema: Json, value: Json, rule: UpcastRule) -> None:
    validator = Draft7Validator(_bundled(catalog, schema), format_checker=Draft7Validator.FORMAT_CHECKER)
    try:
        error = next(validator.iter_errors(value), None)
    except Exception:  # noqa: BLE001  the library raises whatever it meets, as for patterns that Python cannot read
        return
    if error is not None:
        raise Misfit(rule, f"the value for `{rule.target}` does not fit: {error.message}", "EDA408")


def _find(catalog: Catalog, body: Json, path: tuple[str, ...]) -> _Field | None:
    sure = True
    for step in path:
        written = _object(catalog, body)
        members = _mapping(written.get("properties"))
        if step not in members:
            return None
        sure = sure and step in _sequence(written.get("required"))
        body = members[step]
    return _Field(body, sure)


def _says_all(catalog: Catalog, body: Json) -> bool:
    """Whether a field that a schema does not name is not there: it names fields, and is one schema, not a choice."""
    resolved = _resolved(catalog, body)
    written = _object(catalog, body)
    choices = isinstance(resolved, Mapping) and resolved.keys() & {"oneOf", "anyOf"}
    open_ended = written.get("additionalProperties", False) is not False or "patternProperties" in written
    return bool(written.get("properties")) and not choices and not open_ended


def _object(catalog: Catalog, body: Json, depth: int = 0) -> _Object:
    """An object's schema as one level: references followed, `allOf` joined; empty where it is no object's."""
    written = _resolved(catalog, body)
    if not isinstance(written, Mapping) or depth == _DEEPEST or _stated_type(written) not in (None, "object"):
        return {}
    joined: _Object = {name: value for name, value in written.items() if name in _PLAIN}
    for each in _sequence(written.get("allOf")):
        joined = _joined(joined, _object(catalog, each, depth + 1))
    return {"type": "object", **joined} if joined else {}


def _joined(one: _Object, other: _Object) -> _Object:
    left, right = _mapping(one.get("properties")), _mapping(other.get("properties"))
    both: dict[str, Json] = {name: {"allOf": [left[name], right[name]]} for name in left.keys() & right.keys()}
    required = (*_sequence(one.get("required")), *_sequence(other.get("required")))
    return {**one, **other, "properties": {**left, **right, **both}, "required": list(dict.fromkeys(required))}


def _stated_type(written: Mapping[str, Json]) -> Json:
    return written.get("type")


def _without(catalog: Catalog, body: Json, path: tuple[str, ...]) -> _Object:
    written = _object(catalog, body)
    name, *rest = path
    members = dict(_mapping(written.get("properties")))
    required = [each for each in _sequence(written.get("required")) if each != name or rest]
    if rest and name in members:
        members[name] = _without(catalog, members[name], tuple(rest))
    elif not rest:
        members.pop(name, None)
    return {**written, "properties": members, "required": required}


def _with(catalog: Catalog, body: Json, path: tuple[str, ...], field: _Field) -> _Object:
    """A schema with a field put in. An object on the way that may be missing holds, when it is made, that field only."""
    written = {"type": "object", **_object(catalog, body)}
    name, *rest = path
    members = dict(_mapping(written.get("properties")))
    required = list(_sequence(written.get("required")))
    inner = field.schema
    if rest:
        inside = _object(catalog, members.get(name))
        alone = inside if name in required else {**inside, "required": []}
        inner = _with(catalog, alone, tuple(rest), field)
    members[name] = inner
    kept = [each for each in required if each != name]
    sure = field.sure or (bool(rest) and name in required)
    return {**written, "properties": members, "required": [*kept, name] if sure else kept}


def _bundled(catalog: Catalog, schema: Json) -> Mapping[str, Json]:
    """The schema with all that it refers to, as a document of its own."""
    names: dict[str, str] = {}
    bodies: dict[str, Json] = {}

    def within(value: Json) -> Json:
        if isinstance(value, Mapping):
            target = value.get("$ref")
            if isinstance(target, str):
                return {"$ref": f"#/definitions/{take(target)}"}
            return {name: within(each) for name, each in value.items()}
        return [within(each) for each in _sequence(value)] if isinstance(value, list | tuple) else value

    def take(target: str) -> str:
        if target not in names:
            names[target] = str(len(names))
            found = catalog.schemas.get(SchemaId(target))
            bodies[names[target]] = within(found.body) if found is not None else {}
        return names[target]

    body = within(schema)
    return {"allOf": [body if isinstance(body, Mapping | bool) else {}], "definitions": bodies}


def _resolved(catalog: Catalog, body: Json) -> Json:
    seen: set[str] = set()
    while isinstance(body, Mapping) and isinstance(ref := body.get("$ref"), str) and ref not in seen:
        seen.add(ref)
        found = catalog.schemas.get(SchemaId(ref))
        readable = found is not None and found.format in (SchemaFormat.JSON_SCHEMA, SchemaFormat.OPENAPI)
        body = found.body if found is not None and readable else None
    return body


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
