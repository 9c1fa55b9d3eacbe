"""`oneOf` and `anyOf`: each old alternative must find its place among the new ones, and the other way round."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

from eda_gen.compat.difference import Difference, Direction, Place
from eda_gen.compat.json_schema.comparison import Comparison
from eda_gen.compat.json_schema.disjoint import disjoint
from eda_gen.compat.json_schema.shape import Part, Shape, Shapes, both
from eda_gen.compat.json_schema.types import ANYTHING, types
from eda_gen.compat.rules import rule

__all__ = ["compare_choices"]

LIKE: Final = (Direction.NONE, Direction.NARROWS, Direction.WIDENS)


MANY: Final = 4
"""Choices of both sides that are multiplied out."""


@dataclass(frozen=True, slots=True)
class _Branch:
    """An alternative: what it says itself, and that with all that stands beside the alternatives."""

    own: Shape
    whole: Shape


@dataclass(frozen=True, slots=True)
class _Side:
    shape: Shape
    branches: tuple[_Branch, ...]
    exclusive: bool
    place: Place


_Pairs = dict[int, int]
"""By index: which old alternative became which new one."""


def compare_choices(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    if len(old.choices) + len(new.choices) > MANY:
        yield from _one_by_one(comparison, old, new)
        return
    before, after = _split(comparison.old, old), _split(comparison.new, new)
    pairs = _matched(comparison, before.branches, after.branches)
    for i, j in pairs.items():
        yield from comparison.shapes(before.branches[i].whole, after.branches[j].whole)
    yield from _removed(comparison, before, after, pairs)
    yield from _added(comparison, before, after, pairs)
    if not comparison.tolerant:
        yield from _overlapping(comparison, before, after, pairs)


def _one_by_one(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    """Many choices that hold at once are not multiplied out: each is held against the one at its position."""
    if len(old.choices) != len(new.choices):
        told = "the number of choices that hold at once changed, and there are too many to compare"
        yield Difference(rule("not-comparable"), Direction.CHANGES, told, old.home, new.home)
        return
    beside = (Shape(each.place, each.parts, forbidden=each.forbidden) for each in (old, new))
    yield from comparison.shapes(*beside)
    for was, now in zip(old.choices, new.choices, strict=True):
        yield from comparison.shapes(Shape(was.place, choices=(was,)), Shape(now.place, choices=(now,)))


def _split(shapes: Shapes, shape: Shape) -> _Side:
    """The alternatives of the first choice; of a shape without one, its types."""
    if not shape.choices:
        return _Side(shape, _by_type(shape), False, shape.place)
    choice, others = shape.choices[0], shape.choices[1:]
    beside = Shape(shape.place, shape.parts, others)
    owns = [shapes.of(*branch) for branch in choice.branches]
    branches = tuple(_Branch(each, both(beside, each)) for each in owns)
    return _Side(shape, branches, choice.exclusive, choice.place)


def _by_type(shape: Shape) -> tuple[_Branch, ...]:
    allowed = types(shape)
    if len(allowed) < 2 or allowed == ANYTHING or allowed == {"integer", "fraction"}:
        return (_Branch(shape, shape),)
    names = sorted(allowed - {"integer", "fraction"}) + ["number"] * ("fraction" in allowed)
    names += ["integer"] * ("integer" in allowed and "fraction" not in allowed)
    return tuple(_Branch(each, each) for name in names for each in [_of_type(shape, name)])


def _of_type(shape: Shape, name: str) -> Shape:
    at, written = next(shape.all("type"), (shape.place, None))
    names = written if isinstance(written, Sequence) and not isinstance(written, str) else ()
    place = at.child(names.index(name)) if name in names else at
    return Shape(place, (*shape.parts, Part(at.child(name), {"type": name})), shape.choices)


def _matched(comparison: Comparison, old: Sequence[_Branch], new: Sequence[_Branch]) -> _Pairs:
    """Equal alternatives first, then those that differ in one direction only, then those that are of one kind."""
    comparison.match(len(old) * len(new))
    pairs: _Pairs = {}
    akin = {j: [i for i in _nearest(j, len(old)) if _akin(comparison, old[i].own, new[j].own)] for j in range(len(new))}
    for liking in (_equal, _similar, _namesake, _akin):
        for j, after in enumerate(new):
            if j in pairs.values():
                continue
            free = (i for i in (range(len(old)) if liking is _namesake else akin[j]) if i not in pairs)
            found = next((i for i in free if liking(comparison, old[i].own, after.own)), None)
            if found is not None:
                pairs[found] = j
    left = [i for i in range(len(old)) if i not in pairs], [j for j in range(len(new)) if j not in pairs.values()]
    if len(left[0]) == len(left[1]) == 1:
        pairs[left[0][0]] = left[1][0]
    return pairs


def _nearest(index: int, length: int) -> list[int]:
    return sorted(range(length), key=lambda each: abs(each - index))


def _akin(comparison: Comparison, old: Shape, new: Shape) -> bool:
    """Nothing tells the two apart, as another type or another value of a required property would."""
    return not disjoint((comparison.old, old), (comparison.new, new))


def _equal(comparison: Comparison, old: Shape, new: Shape) -> bool:
    return comparison.direction(old, new) is Direction.NONE


def _similar(comparison: Comparison, old: Shape, new: Shape) -> bool:
    return comparison.direction(old, new) in LIKE


def _namesake(comparison: Comparison, old: Shape, new: Shape) -> bool:
    return _name(old) is not None and _name(old) == _name(new)


def _name(shape: Shape) -> object:
    return shape.target or next((value for _, value in shape.all("title")), None)


def _removed(comparison: Comparison, old: _Side, new: _Side, pairs: _Pairs) -> Iterator[Difference]:
    for i, branch in enumerate(old.branches):
        if i not in pairs and not _covered(comparison, branch, new.branches, Direction.NARROWS):
            yield Difference(
                rule("choice"), Direction.NARROWS, "an alternative was removed", branch.whole.place, new.place
            )


def _added(comparison: Comparison, old: _Side, new: _Side, pairs: _Pairs) -> Iterator[Difference]:
    for j, branch in enumerate(new.branches):
        if j not in pairs.values() and not _covered(comparison, branch, old.branches, Direction.WIDENS):
            yield Difference(
                rule("choice"), Direction.WIDENS, "an alternative was added", old.place, branch.whole.place
            )


def _covered(comparison: Comparison, branch: _Branch, others: Sequence[_Branch], fault: Direction) -> bool:
    """Whether one of the other side's alternatives allows all that this one does."""
    shapes = [(branch, each) if fault is Direction.NARROWS else (each, branch) for each in others]
    return any(fault not in comparison.direction(old.whole, new.whole) for old, new in shapes)


def _overlapping(comparison: Comparison, old: _Side, new: _Side, pairs: _Pairs) -> Iterator[Difference]:
    """`oneOf` refuses what matches two alternatives: harmless where they were so before, or cannot both match."""
    back = {j: i for i, j in pairs.items()}
    if new.exclusive:
        kept = _kept(comparison, old, new, pairs, Direction.WIDENS) if old.exclusive else set()
        for j, k in combinations(range(len(new.branches)), 2):
            known = back.get(j) in kept and back.get(k) in kept
            if not known and not disjoint(
                (comparison.new, new.branches[j].whole), (comparison.new, new.branches[k].whole)
            ):
                yield _overlap(Direction.NARROWS, old.place, new.branches[k].whole.place, j)
    if old.exclusive:
        kept = _kept(comparison, old, new, pairs, Direction.NARROWS) if new.exclusive else set()
        for i, k in combinations(range(len(old.branches)), 2):
            if not {i, k} <= kept and not disjoint(
                (comparison.old, old.branches[i].whole), (comparison.old, old.branches[k].whole)
            ):
                yield _overlap(Direction.WIDENS, old.branches[k].whole.place, new.place, i)


def _kept(comparison: Comparison, old: _Side, new: _Side, pairs: _Pairs, fault: Direction) -> set[int | None]:
    """The old alternatives whose new form has not grown (or not shrunk)."""
    return {
        i for i, j in pairs.items() if fault not in comparison.direction(old.branches[i].whole, new.branches[j].whole)
    }


def _overlap(direction: Direction, old: Place, new: Place, other: int) -> Difference:
    return Difference(
        rule("overlap"), direction, f"a value may match this alternative and alternative {other}", old, new
    )
