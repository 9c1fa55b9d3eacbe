"""What a property's presence demands: `dependencies`, `dependentRequired`, `dependentSchemas`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eda_gen.compat.difference import Difference, Direction, combined
from eda_gen.compat.json_schema.comparison import Comparison
from eda_gen.compat.json_schema.report import difference
from eda_gen.compat.json_schema.shape import Located, Shape
from eda_gen.model import Json

__all__ = ["compare_dependencies"]

KEYWORDS = ("dependencies", "dependentRequired", "dependentSchemas")


def compare_dependencies(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    before, after = _demands(old), _demands(new)
    for name in dict.fromkeys((*before, *after)):
        was, now = before.get(name, []), after.get(name, [])
        inner = comparison.shapes(
            comparison.old.every(old.place, [_as_schema(each) for each in was]),
            comparison.new.every(new.place, [_as_schema(each) for each in now]),
        )
        if was and now and not any(isinstance(value, list | tuple) for _, value in (*was, *now)):
            yield from inner
        elif combined(inner) is not Direction.NONE:
            first = was[0] if was else None, now[0] if now else None
            yield difference("dependency", combined(inner), (old, new), *first, f"the dependency of `{name}`")


def _demands(shape: Shape) -> Mapping[str, list[Located]]:
    found: dict[str, list[Located]] = {}
    for part in shape.parts:
        for keyword in KEYWORDS:
            for name, value in part.mapping(keyword).items():
                found.setdefault(name, []).append((part.at(keyword, name), value))
    return found


def _as_schema(demand: Located) -> Located:
    """A list of names demands that they are there."""
    at, value = demand
    names: Json = {"required": value} if isinstance(value, list | tuple) else value
    return at, names
