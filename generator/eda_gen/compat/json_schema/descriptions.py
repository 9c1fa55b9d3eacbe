"""What a schema says to people: reported, never a break."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from eda_gen.compat.difference import Difference, Direction
from eda_gen.compat.json_schema.comparison import Comparison
from eda_gen.compat.json_schema.report import canonical, difference
from eda_gen.compat.json_schema.shape import Shape
from eda_gen.compat.rules import rule

__all__ = ["compare_annotations"]

KEYWORDS: Final = ("$id", "id", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly")
COMBINATIONS: Final = ("allOf", "anyOf", "oneOf")


def compare_annotations(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    for keyword in KEYWORDS:
        before, after = next(old.all(keyword), None), next(new.all(keyword), None)
        if canonical([before and before[1]]) != canonical([after and after[1]]):
            yield difference("annotation", Direction.NONE, (old, new), before, after)
    used = [[keyword for keyword in COMBINATIONS if shape.has(keyword)] for shape in (old, new)]
    if used[0] and used[1] and used[0] != used[1]:
        message = f"`{', '.join(used[0])}` became `{', '.join(used[1])}`"
        yield Difference(rule("combination"), Direction.NONE, message, old.place, new.place)
