"""What strings and numbers must look like: `pattern`, `format`, `multipleOf`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from eda_gen.compat.difference import Difference, Direction
from eda_gen.compat.json_schema.bounds import exact
from eda_gen.compat.json_schema.comparison import Comparison
from eda_gen.compat.json_schema.report import difference, paired
from eda_gen.compat.json_schema.shape import Located, Shape

__all__ = ["compare_format", "compare_multiple_of", "compare_pattern"]


def compare_pattern(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    yield from _compare("pattern", "pattern", old, new, _same)


def compare_format(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    """Generated readers check formats; JSON Schema itself calls them annotations."""
    for each in _compare("format", "format", old, new, _same):
        direction = each.direction if comparison.tolerant else Direction.NONE
        yield Difference(each.rule, direction, each.message, each.old, each.new)


def compare_multiple_of(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    yield from _compare("multiple-of", "multipleOf", old, new, _divided)


def _compare(
    rule: str, keyword: str, old: Shape, new: Shape, direction: Callable[[Located, Located], Direction]
) -> Iterator[Difference]:
    for before, after, found in paired(tuple(old.all(keyword)), tuple(new.all(keyword)), direction):
        if found is not Direction.NONE:
            yield difference(rule, found, (old, new), before, after)


def _same(old: Located, new: Located) -> Direction:
    return Direction.NONE if old[1] == new[1] else Direction.CHANGES


def _divided(old: Located, new: Located) -> Direction:
    before, after = exact(old[1]), exact(new[1])
    if not before or not after:
        return _same(old, new)
    narrows = Direction.NONE if before % after == 0 else Direction.NARROWS
    return narrows | (Direction.NONE if after % before == 0 else Direction.WIDENS)
