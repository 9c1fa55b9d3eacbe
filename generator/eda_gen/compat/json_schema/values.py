"""`enum` and `const`: a list of the values that are allowed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eda_gen.compat.difference import Difference, Direction, Place
from eda_gen.compat.json_schema.comparison import Comparison
from eda_gen.compat.json_schema.report import canonical, difference, shown
from eda_gen.compat.json_schema.shape import Located, Shape
from eda_gen.compat.rules import rule
from eda_gen.model import Json

__all__ = ["allowed_values", "compare_values"]


def allowed_values(shape: Shape) -> Mapping[str, Located] | None:
    """The listed values by their canonical text; `None` where none are listed."""
    allowed: dict[str, Located] | None = None
    for at, values in _lists(shape):
        listed = {canonical(value): (at, value) for value in values}
        allowed = listed if allowed is None else {text: allowed[text] for text in allowed if text in listed}
    return allowed


def _lists(shape: Shape) -> Iterator[tuple[Place, Sequence[Json]]]:
    for part in shape.parts:
        if "const" in part.body:
            yield part.at("const"), (part.body["const"],)
        if "enum" in part.body:
            yield part.at("enum"), part.sequence("enum")


def compare_values(comparison: Comparison, old: Shape, new: Shape) -> Iterator[Difference]:
    before, after = allowed_values(old), allowed_values(new)
    written = (next(_lists(old), None), next(_lists(new), None))
    if before is None and after is None:
        return
    if before is None or after is None:
        direction = Direction.WIDENS if after is None else Direction.NARROWS
        yield difference("allowed-values", direction, (old, new), *written)
        return
    gone = [each for text, (_, each) in before.items() if text not in after]
    come = [each for text, (_, each) in after.items() if text not in before]
    direction = (Direction.NARROWS if gone else Direction.NONE) | (Direction.WIDENS if come else Direction.NONE)
    if direction is not Direction.NONE:
        places = (written[0] or (old.home,))[0], (written[1] or (new.home,))[0]
        yield Difference(rule("allowed-values"), direction, _told(gone, come), *places)


def _told(gone: Sequence[Json], come: Sequence[Json]) -> str:
    removed = f"{', '.join(map(shown, gone))} no longer allowed" if gone else ""
    added = f"{', '.join(map(shown, come))} now allowed" if come else ""
    return "; ".join(each for each in (removed, added) if each)
