"""The walk over two schemas at once. What a keyword means is said in the files of the keyword groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from eda_gen.compat.difference import Difference, Direction, combined
from eda_gen.compat.json_schema.shape import Located, Shape, Shapes
from eda_gen.model import SchemaId

__all__ = ["Comparison", "Group", "TooManyShapes"]

MOST_PAIRS = 50_000
"""Of alternatives in one comparison: what a person writes has far fewer, those that lead to one another have no end."""


class TooManyShapes(Exception):
    """The two schemas have too many combinations of alternatives to compare them all."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sets of schemas, and what is known about pairs of their shapes.

    A pair that is still being compared counts as equal, so that recursive schemas end; a difference within it is
    found where the pair was first met.
    """

    old: Shapes
    new: Shapes
    tolerant: bool
    compare: Group
    unchanged: frozenset[SchemaId] = frozenset()
    """Schemas that are the same on both sides, with all that they refer to."""
    known: dict[tuple[object, ...], tuple[Difference, ...]] = field(default_factory=dict)
    matched: list[int] = field(default_factory=list)
    """How many pairs of alternatives were held against each other, time after time."""

    def shapes(self, old: Shape, new: Shape) -> tuple[Difference, ...]:
        """The differences between two shapes, each once."""
        if old.target is not None and old.target == new.target and old.target in self.unchanged:
            return ()
        key = (old.key, new.key)
        if key not in self.known:
            self.known[key] = ()
            self.known[key] = tuple(dict.fromkeys(self.compare(self, old, new)))
        return self.known[key]

    def schemas(self, old: Located, new: Located) -> tuple[Difference, ...]:
        """The differences between two schemas as they stand in a document."""
        return self.shapes(self.old.of(*old), self.new.of(*new))

    def match(self, pairs: int) -> None:
        """Say that so many pairs of alternatives are about to be compared. Raises `TooManyShapes`."""
        self.matched.append(pairs)
        if sum(self.matched) > MOST_PAIRS:
            raise TooManyShapes

    def direction(self, old: Shape, new: Shape) -> Direction:
        return combined(self.shapes(old, new))

    def inverted(self) -> Comparison:
        """For the inside of a `not`, where writers and readers exchange their parts: schemas mean what they say."""
        return replace(self, tolerant=False, known={}) if self.tolerant else self


Group: TypeAlias = Callable[[Comparison, Shape, Shape], Iterator[Difference]]
"""Compares what a group of keywords says in two shapes."""
