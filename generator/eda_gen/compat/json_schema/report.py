"""Differences in the words of a schema's author, and the pairing of demands that stand side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from eda_gen.compat.difference import Difference, Direction
from eda_gen.compat.json_schema.shape import Located, Shape
from eda_gen.compat.rules import rule
from eda_gen.model import Json

__all__ = ["canonical", "difference", "paired", "shown"]

T = TypeVar("T")


def shown(value: Json) -> str:
    """A value as it would stand in a message, cut to a readable length."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def canonical(value: Json) -> str:
    """Equal for values that JSON Schema calls equal: `1` and `1.0` are, `1` and `true` are not."""
    return json.dumps(_integral(value), sort_keys=True)


def _integral(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _integral(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_integral(each) for each in value]
    return value


def difference(
    name: str,
    direction: Direction,
    shapes: tuple[Shape, Shape],
    old: Located | None,
    new: Located | None,
    what: str | None = None,
) -> Difference:
    """A keyword, or what is named, that was added, removed or changed. A missing side is placed at its shape."""
    what = what or f"`{(new or old or (shapes[1].home, None))[0].pointer.rpartition('/')[2]}`"
    if old is None:
        message = f"{what} {shown(new[1] if new else None)} was added"
    elif new is None:
        message = f"{what} {shown(old[1])} was removed"
    else:
        message = f"{what} {shown(old[1])} became {shown(new[1])}"
    return Difference(rule(name), direction, message, (old or (shapes[0].home,))[0], (new or (shapes[1].home,))[0])


def paired(
    old: Sequence[T], new: Sequence[T], direction: Callable[[T, T], Direction]
) -> Iterator[tuple[T | None, T | None, Direction]]:
    """Match demands that all hold at once: equals first, then the last one left on each side."""
    left, come = list(old), []
    for each in new:
        equal = next((other for other in left if direction(other, each) is Direction.NONE), None)
        if equal is None:
            come.append(each)
        else:
            left.remove(equal)
            yield equal, each, Direction.NONE
    if len(left) == len(come) == 1:
        yield left[0], come[0], direction(left[0], come[0])
        return
    yield from ((each, None, Direction.WIDENS) for each in left)
    yield from ((None, each, Direction.NARROWS) for each in come)
