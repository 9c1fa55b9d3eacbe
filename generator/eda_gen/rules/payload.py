"""Where a runtime expression leads in a message: is the value always there, sometimes, never, or can nobody say?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import islice

from eda_gen.model import Catalog, Json, Message, SchemaFormat, SchemaId

__all__ = ["Presence", "presence", "properties", "scalar"]

DEEPEST = 8
"""Schemas combined in one another that are looked through."""

MOST_PROPERTIES = 10_000

_UNIONS = ("oneOf", "anyOf")
_CONTAINERS = frozenset(("object", "array"))


class Presence(Enum):
    ALWAYS = "always"
    SOMETIMES = "sometimes"
    NEVER = "never"
    UNKNOWN = "unknown"


def presence(catalog: Catalog, message: Message, expression: str) -> Presence:
    """How sure the place is that an expression such as `$message.payload#/a/b` names."""
    return _walk(catalog, message, expression)[0]


def scalar(catalog: Catalog, message: Message, expression: str) -> bool:
    """Whether what an expression names may be text or a number; true where nobody can say."""
    bodies = _walk(catalog, message, expression)[1]
    return not bodies or any(_may_be_scalar(body) for body in bodies)


def properties(catalog: Catalog, message: Message) -> Iterator[str]:
    """The JSON pointers of the named properties of a message's payload, in depth as far as a person would look."""
    return islice(_properties(catalog, _root(catalog, message.payload), "", frozenset()), MOST_PROPERTIES)


def _properties(catalog: Catalog, body: Json, pointer: str, above: frozenset[int]) -> Iterator[str]:
    for part in _alternatives(catalog, body) if len(above) < DEEPEST else ():
        if id(part) in above:
            continue
        for name, each in _mapping(part.get("properties")).items():
            below = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            yield below
            yield from _properties(catalog, each, below, above | {id(part)})


def _walk(catalog: Catalog, message: Message, expression: str) -> tuple[Presence, tuple[Json, ...]]:
    source, _, pointer = expression.partition("#")
    schema_id = message.headers if source.endswith("header") else message.payload
    schema = catalog.schemas.get(schema_id) if schema_id is not None else None
    if schema is None or schema.format in (SchemaFormat.OTHER, SchemaFormat.PROTOBUF):
        return Presence.UNKNOWN, ()
    step = _avro_step if schema.format is SchemaFormat.AVRO else _json_step
    sure = Presence.ALWAYS
    bodies: tuple[Json, ...] = (schema.body,)
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        outcomes = [step(catalog, body, name) for body in bodies]
        sure = _weakest(sure, _either(found for found, _ in outcomes))
        bodies = _all_bodies(outcomes)
        if sure in (Presence.NEVER, Presence.UNKNOWN):
            return sure, ()
    return sure, bodies


def _json_step(catalog: Catalog, body: Json, name: str) -> tuple[Presence, tuple[Json, ...]]:
    return _property(catalog, body, name, frozenset())


def _property(catalog: Catalog, body: Json, name: str, above: frozenset[int]) -> tuple[Presence, tuple[Json, ...]]:
    """A property of a JSON Schema. All that `allOf` joins holds together; of `oneOf` and `anyOf` one branch does."""
    written = _resolved(catalog, body)
    if not isinstance(written, Mapping) or id(written) in above or len(above) == DEEPEST:
        return Presence.UNKNOWN, ()
    inside = above | {id(written)}
    parts = [_own_property(written, name)]
    parts += [_property(catalog, each, name, inside) for each in _sequence(written.get("allOf"))]
    for union in _UNIONS:
        branches = [_property(catalog, each, name, inside) for each in _sequence(written.get(union))]
        if branches:
            parts.append((_either(found for found, _ in branches), _all_bodies(branches)))
    bodies = _all_bodies(parts)
    required = bool(bodies) and name in _sequence(written.get("required"))
    return Presence.ALWAYS if required else _surest(found for found, _ in parts), bodies


def _own_property(written: Mapping[str, Json], name: str) -> tuple[Presence, tuple[Json, ...]]:
    members = _mapping(written.get("properties"))
    if name in members:
        required = name in _sequence(written.get("required"))
        return (Presence.ALWAYS if required else Presence.SOMETIMES), (members[name],)
    open_ended = written.get("additionalProperties", False) is not False or "patternProperties" in written
    described = bool(members) or any(word in written for word in ("allOf", *_UNIONS)) or _is_scalar_type(written)
    return (Presence.NEVER if described and not open_ended else Presence.UNKNOWN), ()


def _all_bodies(parts: Iterable[tuple[Presence, tuple[Json, ...]]]) -> tuple[Json, ...]:
    return tuple(body for _, bodies in parts for body in bodies)


def _avro_step(catalog: Catalog, body: Json, name: str) -> tuple[Presence, tuple[Json, ...]]:
    """A field of an Avro record, or of the records in a union; a union with `null` may be without a value."""
    branches = _sequence(body) or (body,)
    records = [each for each in branches if isinstance(each, Mapping) and each.get("type") == "record"]
    fields = [field for record in records for field in _sequence(record.get("fields")) if isinstance(field, Mapping)]
    types = tuple(field.get("type") for field in fields if field.get("name") == name)
    if not types:
        return (Presence.NEVER if len(records) == len(branches) else Presence.UNKNOWN), ()
    sure = len(types) == len(branches) and all("null" not in (_sequence(each) or (each,)) for each in types)
    return Presence.ALWAYS if sure else Presence.SOMETIMES, types


def _root(catalog: Catalog, schema_id: SchemaId | None) -> Json:
    schema = catalog.schemas.get(schema_id) if schema_id is not None else None
    readable = schema is not None and schema.format in (SchemaFormat.JSON_SCHEMA, SchemaFormat.OPENAPI)
    return schema.body if schema is not None and readable else None


def _alternatives(catalog: Catalog, body: Json) -> Iterator[Mapping[str, Json]]:
    """A schema and all that it is combined of."""
    waiting, seen = [body], set[int]()
    while waiting:
        written = _resolved(catalog, waiting.pop())
        if isinstance(written, Mapping) and id(written) not in seen:
            seen.add(id(written))
            yield written
            waiting += [each for word in ("allOf", *_UNIONS) for each in _sequence(written.get(word))]


def _resolved(catalog: Catalog, body: Json) -> Json:
    seen: set[str] = set()
    while isinstance(body, Mapping) and isinstance(ref := body.get("$ref"), str) and ref not in seen:
        seen.add(ref)
        target = catalog.schemas.get(SchemaId(ref))
        body = target.body if target is not None else None
    return body


def _may_be_scalar(body: Json) -> bool:
    if not isinstance(body, Mapping):
        return True
    stated = body.get("type")
    types = {stated} if isinstance(stated, str) else {each for each in _sequence(stated) if isinstance(each, str)}
    return not types or bool(types - _CONTAINERS - {"record", "map", "null"})


def _is_scalar_type(written: Mapping[str, Json]) -> bool:
    stated = written.get("type")
    return isinstance(stated, str) and stated not in _CONTAINERS


def _either(found: Iterable[Presence]) -> Presence:
    """Of one of several: sure where all are."""
    every = set(found)
    if len(every) == 1:
        return every.pop()
    return Presence.UNKNOWN if Presence.UNKNOWN in every else Presence.SOMETIMES


def _surest(found: Iterable[Presence]) -> Presence:
    every = set(found)
    order = (Presence.ALWAYS, Presence.SOMETIMES, Presence.UNKNOWN)
    return next((each for each in order if each in every), Presence.NEVER)


def _weakest(one: Presence, other: Presence) -> Presence:
    order = (Presence.UNKNOWN, Presence.NEVER, Presence.SOMETIMES, Presence.ALWAYS)
    return min(one, other, key=order.index)


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()
