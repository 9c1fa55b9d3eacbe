"""A schema as a conjunction: references followed, `allOf` dissolved, alternatives set apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from eda_gen.compat.difference import Place
from eda_gen.model import Json, Schema, SchemaId

__all__ = ["Choice", "Located", "Part", "Shape", "Shapes", "at_place", "both"]

Located = tuple[Place, Json]
"""A value with the place where it is written."""


@dataclass(frozen=True, slots=True)
class Part:
    """One object of keywords. All parts of a shape hold at once."""

    place: Place
    body: Mapping[str, Json]

    def at(self, *path: str | int) -> Place:
        return self.place.child(*path)

    def mapping(self, keyword: str) -> Mapping[str, Json]:
        value = self.body.get(keyword)
        return value if isinstance(value, Mapping) else {}

    def sequence(self, keyword: str) -> Sequence[Json]:
        value = self.body.get(keyword)
        return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


@dataclass(frozen=True, slots=True)
class Choice:
    """A `oneOf` or `anyOf` of at least two alternatives, which are made shapes of when they are compared."""

    exclusive: bool
    place: Place
    branches: tuple[Located, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """All that is demanded of a value at `place`. Without parts and choices, anything is allowed."""

    place: Place
    parts: tuple[Part, ...] = ()
    choices: tuple[Choice, ...] = ()
    forbidden: bool = False
    target: SchemaId | None = None
    """The schema that this is a reference to, with nothing beside the reference."""

    @property
    def home(self) -> Place:
        """Where its keywords are written: a schema that many refer to has one home, and changes there once."""
        return Place.of(self.target) if self.target is not None else self.place

    @property
    def key(self) -> tuple[Place, ...]:
        """What tells this shape from others of the same comparison."""
        return (
            self.place,
            *(part.place for part in self.parts),
            *(place for choice in self.choices for place, _ in choice.branches),
        )

    def all(self, keyword: str) -> Iterator[Located]:
        """Every value that a keyword has here."""
        for part in self.parts:
            if keyword in part.body:
                yield part.at(keyword), part.body[keyword]

    def has(self, keyword: str) -> bool:
        return any(keyword in part.body for part in self.parts)


def both(first: Shape, second: Shape) -> Shape:
    """What satisfies both, at the place of the second."""
    known = {part.place for part in first.parts}
    parts = first.parts + tuple(part for part in second.parts if part.place not in known)
    return Shape(second.place, parts, first.choices + second.choices, first.forbidden or second.forbidden)


def at_place(place: Place, shape: Shape) -> Shape:
    return Shape(place, shape.parts, shape.choices, shape.forbidden, shape.target)


@dataclass(frozen=True, slots=True)
class Shapes:
    """Makes shapes of the schemas of one catalog."""

    schemas: Mapping[SchemaId, Schema]
    targets: dict[SchemaId, Shape] = field(default_factory=dict)
    """The shapes of schemas that references led to, so that each is made once."""

    def of(self, place: Place, value: Json, passed: frozenset[str] = frozenset()) -> Shape:
        """The shape of a schema. `passed` are the references that led here without a step into the value."""
        if isinstance(value, bool):
            return Shape(place, forbidden=not value)
        if not isinstance(value, Mapping):
            return Shape(place)
        shape = self._with_reference(place, value, passed)
        for keyword in ("allOf", "anyOf", "oneOf"):
            shape = self._combined(shape, keyword, value.get(keyword), passed)
        return shape

    def every(self, place: Place, found: Sequence[Located]) -> Shape:
        """What satisfies all of several schemas."""
        shape = Shape(place)
        for index, (at, value) in enumerate(found):
            one = self.of(at, value)
            shape = both(shape, one) if index else one
        return shape

    def _with_reference(self, place: Place, value: Mapping[str, Json], passed: frozenset[str]) -> Shape:
        """Keywords beside a `$ref` hold too, as JSON Schema 2019-09 and later say."""
        written = value.get("$ref")
        reference = SchemaId(written) if isinstance(written, str) else None
        if reference is None or reference not in self.schemas or reference in passed:
            return Shape(place, (Part(place, value),))
        if reference not in self.targets:
            body = self.schemas[reference].body
            self.targets[reference] = self.of(Place.of(reference), body, passed | {reference})
        target = self.targets[reference]
        beside = {keyword: each for keyword, each in value.items() if keyword != "$ref"}
        if not beside:
            return Shape(place, target.parts, target.choices, target.forbidden, reference)
        return at_place(place, both(Shape(place, (Part(place, beside),)), target))

    def _combined(self, shape: Shape, keyword: str, value: Json, passed: frozenset[str]) -> Shape:
        if not isinstance(value, Sequence) or isinstance(value, str) or not value:
            return shape
        at = shape.place.child(keyword)
        branches = tuple((at.child(index), each) for index, each in enumerate(value))
        if keyword != "allOf" and len(branches) > 1:
            choice = Choice(keyword == "oneOf", at, branches)
            return Shape(shape.place, shape.parts, (*shape.choices, choice), shape.forbidden)
        for branch in branches:
            shape = at_place(shape.place, both(shape, self.of(*branch, passed)))
        return shape
