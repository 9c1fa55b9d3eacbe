"""`not`, `if`/`then`/`else`, and the keywords that are compared only for being the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from eda_gen.compat.difference import Difference, Direction, combined
from eda_gen.compat.json_schema.comparison import Comparison
from eda_gen.compat.json_schema.report import canonical, difference, paired
from eda_gen.compat.json_schema.shape import Located, Part, Shape
from eda_gen.compat.rules import rule
from eda_gen.model import Json

__all__ = ["compare_conditions", "compare_not", "compare_opaque", "compare_unevaluated"]

OPAQUE: Final = ("$ref", "$dynamicRef", "$recursiveRef", "disallow", "extends", "divisibleBy")
UNEVALUATED: Final = ("unevaluatedProperties", "unevaluatedItems")
ANNOTATIONS: Final = frozenset(("title", "description", "examples", "example", "default", "$comment", "$id", "id"))


def compare_not(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    """What narrows inside a `not` widens the whole."""
    strict = comparison.inverted()

    def direction(was: Located, now: Located) -> Direction:
        return combined(strict.schemas(was, now)).flipped

    for was, now, found in paired(list(old.all("not")), list(new.all("not")), direction):
        if was and now:
            for each in strict.schemas(was, now):
                message = f"{each.message} (inside `not`, where less means more)"
                yield Difference(each.rule, each.direction.flipped, message, each.old, each.new)
        elif found is not Direction.NONE:
            yield difference("condition", found, (old, new), was, now)


def compare_conditions(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    before, after = ([part for part in shape.parts if _is_condition(part)] for shape in (old, new))
    strict = comparison.inverted()

    def direction(was: Part, now: Part) -> Direction:
        if combined(strict.schemas(_branch(was, "if"), _branch(now, "if"))) is not Direction.NONE:
            return Direction.CHANGES
        branches = ("then", "else")
        return combined(
            each for name in branches for each in comparison.schemas(_branch(was, name), _branch(now, name))
        )

    for was, now, found in paired(before, after, direction):
        if found is not Direction.NONE:
            places = was.at("if") if was else old.home, now.at("if") if now else new.home
            yield Difference(rule("condition"), found, f"the condition {_what(was, now)}", *places)


def _is_condition(part: Part) -> bool:
    return "if" in part.body and ("then" in part.body or "else" in part.body)


def _branch(part: Part, keyword: str) -> Located:
    return part.at(keyword), part.body.get(keyword, True)


def _what(was: Part | None, now: Part | None) -> str:
    return "was added" if was is None else "was removed" if now is None else "changed"


def compare_opaque(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    for keyword in OPAQUE:
        before, after = list(old.all(keyword)), list(new.all(keyword))
        if [canonical(value) for _, value in before] != [canonical(value) for _, value in after]:
            located = before[0] if before else None, after[0] if after else None
            yield difference("not-comparable", Direction.CHANGES, (old, new), *located)


def compare_unevaluated(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    """What counts as evaluated depends on every keyword around: any change there counts as a break."""
    for keyword in UNEVALUATED:
        before, after = list(old.all(keyword)), list(new.all(keyword))
        if _ignored(comparison, keyword, before + after) or not (before or after):
            continue
        if _substance(old) != _substance(new) or _inner(comparison, old, new, before, after) is not Direction.NONE:
            places = (before or [(old.home, None)])[0][0], (after or [(new.home, None)])[0][0]
            yield Difference(rule("unevaluated"), Direction.CHANGES, f"what `{keyword}` refers to changed", *places)


def _inner(comparison: Comparison, old: Shape, new: Shape, before: list[Located], after: list[Located]) -> Direction:
    return comparison.direction(comparison.old.every(old.place, before), comparison.new.every(new.place, after))


def _ignored(comparison: Comparison, keyword: str, found: list[Located]) -> bool:
    boolean = all(isinstance(value, bool) for _, value in found)
    return comparison.tolerant and boolean and keyword == "unevaluatedProperties"


def _substance(shape: Shape) -> list[str]:
    bodies: list[Json] = [
        {name: part.body[name] for name in part.body if name not in ANNOTATIONS} for part in shape.parts
    ]
    return [canonical(body) for body in bodies]
