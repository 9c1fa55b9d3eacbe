"""Keywords that bound a number or a count, from below or from above."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from eda_gen.compat.difference import Difference, Direction
from eda_gen.compat.json_schema.comparison import Comparison
from eda_gen.compat.json_schema.report import difference
from eda_gen.compat.json_schema.shape import Located, Shape
from eda_gen.model import Json

__all__ = ["compare_count", "compare_item_count", "compare_length", "compare_property_count", "compare_range", "exact"]


@dataclass(frozen=True, slots=True)
class _Bound:
    at: Located
    tightness: tuple[Fraction, bool]
    """Larger is tighter: of an upper bound, the negated value; an excluded bound is tighter than an included one."""


def exact(value: Json) -> Fraction | None:
    """A JSON number without loss; `None` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Fraction(str(value))


def compare_length(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    yield from compare_count("length", "minLength", "maxLength", old, new)


def compare_item_count(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    yield from compare_count("item-count", "minItems", "maxItems", old, new)


def compare_property_count(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    yield from compare_count("property-count", "minProperties", "maxProperties", old, new)


def compare_count(rule: str, least: str, most: str, old: Shape, new: Shape) -> Iterator[Difference]:
    yield from _compare(rule, (old, new), _counted(old, least, 1), _counted(new, least, 1))
    yield from _compare(rule, (old, new), _counted(old, most, -1), _counted(new, most, -1))


def compare_range(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    yield from _compare("range", (old, new), _limit(old, "inimum", 1), _limit(new, "inimum", 1))
    yield from _compare("range", (old, new), _limit(old, "aximum", -1), _limit(new, "aximum", -1))


def _counted(shape: Shape, keyword: str, sign: int) -> _Bound | None:
    found = ((at, exact(at[1])) for at in shape.all(keyword))
    bounds = [_Bound(at, (sign * value, False)) for at, value in found if value is not None]
    return max(bounds, key=lambda bound: bound.tightness, default=None)


def _limit(shape: Shape, word: str, sign: int) -> _Bound | None:
    """Draft 4 and OpenAPI 3.0 say `exclusiveMinimum: true` beside `minimum`, later drafts give it a number."""
    plain, exclusive = f"m{word}", f"exclusiveM{word}"
    bounds = []
    for part in shape.parts:
        for keyword, excluded in ((plain, part.body.get(exclusive) is True), (exclusive, True)):
            value = exact(part.body.get(keyword))
            if value is not None:
                bounds.append(_Bound((part.at(keyword), part.body[keyword]), (sign * value, excluded)))
    return max(bounds, key=lambda bound: bound.tightness, default=None)


def _compare(rule: str, shapes: tuple[Shape, Shape], old: _Bound | None, new: _Bound | None) -> Iterator[Difference]:
    direction = _direction(old, new)
    if direction is not Direction.NONE:
        yield difference(rule, direction, shapes, old.at if old else None, new.at if new else None)


def _direction(old: _Bound | None, new: _Bound | None) -> Direction:
    if old is None or new is None:
        return Direction.NONE if old is new else Direction.NARROWS if new else Direction.WIDENS
    if old.tightness == new.tightness:
        return Direction.NONE
    return Direction.NARROWS if new.tightness > old.tightness else Direction.WIDENS
