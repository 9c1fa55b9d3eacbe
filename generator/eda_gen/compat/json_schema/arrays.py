"""Arrays: elements by position, the rest of them, uniqueness, and what must be among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eda_gen.compat.difference import Difference, Direction, combined
from eda_gen.compat.json_schema.comparison import Comparison
from eda_gen.compat.json_schema.members import item, positions, rest_of_items
from eda_gen.compat.json_schema.report import canonical, difference, paired
from eda_gen.compat.json_schema.shape import Located, Part, Shape
from eda_gen.compat.rules import rule

__all__ = ["compare_contains", "compare_items", "compare_unique", "compare_unused_additional_items"]


def compare_items(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    before, after = positions(old), positions(new)
    for position in sorted(before.keys() | after.keys()):
        inner = _between(comparison, old, new, item(old, position), item(new, position))
        if position in before and position in after:
            yield from inner
            continue
        message = (
            f"the element at position {position} {'is described' if position in after else 'is no longer described'}"
        )
        places = before.get(position, old.home), after.get(position, new.home)
        yield Difference(rule("item"), combined(inner), message, *places)
    yield from _compare_rest(comparison, old, new, rest_of_items(old), rest_of_items(new))


def _between(
    comparison: Comparison, old: Shape, new: Shape, before: Sequence[Located], after: Sequence[Located]
) -> tuple[Difference, ...]:
    return comparison.shapes(comparison.old.every(old.place, before), comparison.new.every(new.place, after))


def _compare_rest(
    comparison: Comparison, old: Shape, new: Shape, before: Sequence[Located], after: Sequence[Located]
) -> Iterator[Difference]:
    inner = _between(comparison, old, new, before, after)
    if before and after and not any(isinstance(value, bool) for _, value in (*before, *after)):
        yield from inner
    elif combined(inner) is not Direction.NONE:
        was, now = before[0] if before else None, after[0] if after else None
        place = (now or was or (new.home,))[0]
        name = "items" if place.pointer.endswith("/items") else "additional-items"
        yield difference(name, combined(inner), (old, new), was, now)


def compare_unused_additional_items(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    """`additionalItems` without `items` means nothing to a validator; schema registries judge it, and so do we."""
    if old.has("items") or new.has("items"):
        return
    before, after = list(old.all("additionalItems")), list(new.all("additionalItems"))
    yield from _compare_rest(comparison, old, new, before, after)


def compare_unique(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    before, after = ([each for each in shape.all("uniqueItems") if each[1] is True] for shape in (old, new))
    if bool(before) != bool(after):
        direction = Direction.NARROWS if after else Direction.WIDENS
        yield difference(
            "unique-items", direction, (old, new), before[0] if before else None, after[0] if after else None
        )


def compare_contains(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    before, after = ([part for part in shape.parts if "contains" in part.body] for shape in (old, new))

    def direction(was: Part, now: Part) -> Direction:
        inner = combined(comparison.schemas(_contained(was), _contained(now)))
        counted = [canonical([part.body.get("minContains"), part.body.get("maxContains")]) for part in (was, now)]
        plain = "maxContains" not in was.body and "maxContains" not in now.body
        if counted[0] == counted[1] and (plain or inner is Direction.NONE):
            return inner
        return Direction.CHANGES

    for was, now, found in paired(before, after, direction):
        if found is not Direction.NONE:
            located = _contained(was) if was else None, _contained(now) if now else None
            yield difference("contains", found, (old, new), *located)


def _contained(part: Part) -> Located:
    return part.at("contains"), part.body["contains"]
