"""From JSON Schema as people write it to the plain shapes that classes can express.

What a person would call a type becomes a definition with a name of its own: objects and enums. All else (scalars, arrays,
maps, unions) is put where it is used. `allOf` is merged. What classes do not express is dropped; docs/json-schema.md lists it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from eda_gen.emit.python import scalars
from eda_gen.emit.python.merging import JsonObject, flattened, is_object, sole_reference, variants
from eda_gen.emit.python.text import clean, description_of
from eda_gen.model import Json, Schema, SchemaId

__all__ = ["Definition", "Owner", "Place", "Plain", "Shapes"]

Plain: TypeAlias = "dict[str, Json]"
"""A schema in the subset that goes to the class generator."""

ANY: Plain = {}

_CONSTRAINTS = frozenset(
    (
        *("minLength", "maxLength", "pattern", "minItems", "maxItems", "const"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    )
)


@dataclass(frozen=True, slots=True)
class Owner:
    """What a definition belongs to: a message's payload, by its message id, or a schema that others refer to."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a type stands: its owner, and the names that lead from there to it."""

    owner: Owner
    path: tuple[str, ...] = ()

    def __truediv__(self, name: str) -> Place:
        return Place(self.owner, (*self.path, name))


@dataclass(frozen=True, slots=True)
class Definition:
    """A type with a key of its own. An `inline` one is no class: its type is written out where it is used."""

    key: str
    place: Place
    inline: bool
    body: Plain = field(compare=False)


class Shapes:
    """Collects the definitions of a service's messages."""

    def __init__(self, schemas: Mapping[SchemaId, Schema], prefix: str) -> None:
        self._schemas = schemas
        self._bodies = {schema_id: schema.body for schema_id, schema in schemas.items()}
        self._prefix = prefix
        self._keys: dict[tuple[Place, bool], str] = {}
        self._open: list[tuple[Place, JsonObject]] = []
        self.definitions: dict[str, Definition] = {}

    def payload(self, owner: Owner, payload: SchemaId | None, description: str) -> str:
        """Define the class of a message, and return its key."""
        place = Place(owner)
        body = flattened({"$ref": payload}, self._bodies) if payload is not None else ANY
        if is_object(body):
            shaped = self._object(body, place)
        else:
            shaped = self._shape(body, place / "value" if scalars.is_enum(body) else place, (), nested=False)
        return self._define(place, _described(shaped, clean(description) or description_of(body)))

    def _define(self, place: Place, body: Plain, inline: bool = False) -> str:
        key = self._key(place, inline)
        self.definitions[key] = Definition(key, place, inline, body)
        return key

    def _key(self, place: Place, inline: bool = False) -> str:
        return self._keys.setdefault((place, inline), f"{self._prefix}{len(self._keys)}")

    def _ref(self, key: str) -> Plain:
        return {"$ref": f"#/$defs/{key}"}

    def _shape(self, schema: Json, place: Place, stack: tuple[SchemaId, ...], *, nested: bool = True) -> Plain:
        """The plain shape of a schema. A `nested` one (an item, a value, an alternative) has no field to hold its constraints."""
        if not isinstance(schema, Mapping) or not schema:
            return ANY
        target = schema.get("$ref", sole_reference(schema))
        if isinstance(target, str):
            return self._reference(SchemaId(target), stack, nested)
        schema = flattened(schema, self._bodies)
        if choices := variants(schema):
            return self._union(choices, place, stack)
        if "const" in schema or "enum" in schema:
            shaped = self._values(schema, place)
            return self._constrained(shaped, place) if nested else shaped
        if is_object(schema):
            return self._object_or_map(schema, place, stack)
        shaped = self._array(schema, place, stack) if schema.get("type") == "array" else scalars.scalar(schema, nested)
        return self._constrained(shaped, place) if nested else shaped

    def _constrained(self, shaped: Plain, place: Place) -> Plain:
        if not shaped.keys() & _CONSTRAINTS or "prefixItems" in shaped:
            return shaped
        return self._ref(self._define(place, shaped, inline=True))

    def _reference(self, target: SchemaId, stack: tuple[SchemaId, ...], nested: bool) -> Plain:
        schema = flattened({"$ref": target}, self._bodies)
        last = Place(Owner("schema", _last_reference(target, self._bodies)))
        if is_object(schema) and not variants(schema) and not _is_map(schema):
            return self._class(schema, last)
        if scalars.is_enum(schema):
            return self._values(schema, last)
        return ANY if target in stack else self._shape(schema, last, (*stack, target), nested=nested)

    def _object_or_map(self, schema: JsonObject, place: Place, stack: tuple[SchemaId, ...]) -> Plain:
        if not _is_map(schema):
            return self._class(schema, place)
        value = self._shape(scalars.map_value(schema), place / "value", stack)
        return {"type": "object", "additionalProperties": value or True}

    def _class(self, schema: JsonObject, place: Place) -> Plain:
        """A reference to the class of an object; one inside itself, by whatever way, is the same class."""
        around = next(
            (each for each, open_schema in self._open if each.owner == place.owner and open_schema == schema), place
        )
        known = (around, False) in self._keys
        reference = self._ref(self._key(around))
        if not known:
            self._open.append((place, schema))
            self._define(place, _described(self._object(schema, place), description_of(schema)))
            self._open.pop()
        return reference

    def _object(self, schema: JsonObject, place: Place) -> Plain:
        if (
            _is_map(schema)
            and schema.keys() & {"additionalProperties", "patternProperties"}
            and scalars.map_value(schema) is not True
        ):
            return self._object_or_map(schema, place, ())
        properties = scalars.mapping(schema.get("properties"))
        required = [name for name in scalars.texts(schema.get("required")) if properties.get(name) is not False]
        shaped: dict[str, Json] = {
            name: self._property(each, place / name, name in required)
            for name, each in properties.items()
            if each is not False
        }
        shaped |= {name: ANY for name in required if name not in shaped}
        body: Plain = {"type": "object", "properties": shaped, "required": required}
        rest = schema.get("additionalProperties", not shaped)
        return body if rest is False else body | ({"additionalProperties": True} if rest else {})

    def _property(self, schema: Json, place: Place, required: bool) -> Plain:
        shaped = self._shape(schema, place, (), nested=False)
        written = schema if isinstance(schema, Mapping) else {}
        if not required:
            target = self._target(shaped)
            shaped = shaped | scalars.usable_default(flattened(written, self._bodies), target)
            shaped = shaped | ({"x-nullable": True} if _may_be_null(shaped) else {})
        described = description_of(written)
        is_class = "$ref" in shaped and "$ref" not in written
        return shaped | {"description": described} if described and not is_class else shaped

    def _target(self, shaped: Plain) -> Plain:
        """What a default has to fit: the shape itself, or the enum that it refers to."""
        reference = shaped.get("$ref")
        known = self.definitions.get(reference.rsplit("/", 1)[-1]) if isinstance(reference, str) else None
        return known.body if known else shaped

    def _union(self, choices: Sequence[Json], place: Place, stack: tuple[SchemaId, ...]) -> Plain:
        shaped = [self._shape(choice, place / f"option {number}", stack) for number, choice in enumerate(choices, 1)]
        parts = list(_flat(shaped))
        flat = [part for number, part in enumerate(parts) if part not in parts[:number]]
        if not flat or ANY in flat:
            return ANY
        return flat[0] if len(flat) == 1 else {"anyOf": flat}

    def _values(self, schema: JsonObject, place: Place) -> Plain:
        """An enum gets a class; with `null` among its values, or several kinds of them, it is a union."""
        body, nullable = scalars.values(schema)
        if body and "enum" in body:
            body = self._ref(self._define(place, _described(body, description_of(schema))))
        if not body:
            return {"type": "null"} if nullable else ANY
        return {"anyOf": [body, {"type": "null"}]} if nullable else body

    def _array(self, schema: JsonObject, place: Place, stack: tuple[SchemaId, ...]) -> Plain:
        bounds = scalars.counts(schema)
        tuple_items = scalars.fixed_items(schema)
        if tuple_items is not None:
            items = [self._shape(each, place / f"item {number}", stack) for number, each in enumerate(tuple_items, 1)]
            return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
        plain = ANY if "prefixItems" in schema else self._shape(schema.get("items", True), place / "item", stack)
        return {"type": "array", **({"items": plain} if plain else {}), **bounds}


def _flat(shapes: Iterable[Plain]) -> Iterable[Plain]:
    for each in shapes:
        members = each.get("anyOf")
        if isinstance(members, list):
            yield from (member for member in members if isinstance(member, dict))
        else:
            yield each


def _described(shaped: Plain, description: str) -> Plain:
    return {**shaped, "description": description} if description else shaped


def _may_be_null(shaped: Plain) -> bool:
    """Whether null may be written; the runtime leaves `None` out of every other optional field."""
    kinds = shaped.get("type", [])
    choices = shaped.get("anyOf", [])
    named = "$ref" in shaped or "const" in shaped or bool(kinds) or bool(choices)
    return (
        not named
        or kinds == "null"
        or (isinstance(kinds, list) and "null" in kinds)
        or {"type": "null"} in _listed(choices)
    )


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()


def _is_map(schema: JsonObject) -> bool:
    closed = schema.get("additionalProperties") is False and not schema.get("patternProperties")
    return not closed and not schema.get("properties") and not schema.get("required")


def _last_reference(target: SchemaId, bodies: Mapping[SchemaId, Json]) -> SchemaId:
    """Where a chain of schemas ends that are nothing but references."""
    seen = {target}
    while isinstance(body := bodies.get(target), Mapping) and isinstance(following := body.get("$ref"), str):
        target = SchemaId(following)
        if target in seen:
            break
        seen.add(target)
    return target
