"""Upcasters: functions where the spec says all, methods of a protocol where only a person can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eda_gen.emit.python.layout import EventNames
from eda_gen.emit.python.text import literal
from eda_gen.model import UpcastRule
from eda_gen.passes.lineage import VersionStep

__all__ = ["UpcasterView", "upcaster_views"]


@dataclass(frozen=True, slots=True)
class UpcasterView:
    """One step; `arguments` are Python source, and none say that the method is written by hand."""

    name: str
    older: EventNames
    newer: EventNames
    says: str
    arguments: tuple[tuple[str, str], ...]
    by_hand: bool

    @property
    def source(self) -> str:
        """The callable, as `consumers.py` refers to it."""
        function = f"upcasters.{self.name}" if self.by_hand else self.name
        return f"Upcast({self.older.constant}, {self.newer.constant}, {function})"

    @property
    def imported(self) -> tuple[str, ...]:
        """What `consumers.py` needs of the module of events."""
        names = (self.older.constant, self.newer.constant)
        return (*names, self.older.cls, self.newer.cls) if self.by_hand else (*names, self.name)


def upcaster_views(steps: Iterable[VersionStep], events: Mapping[str, EventNames]) -> tuple[UpcasterView, ...]:
    """`events` are by CloudEvents type: two documents may write the same message."""
    unique = {(step.older.type, step.newer.type): step for step in steps}
    return tuple(_view(step, events[step.older.type], events[step.newer.type]) for step in unique.values())


def _view(step: VersionStep, older: EventNames, newer: EventNames) -> UpcasterView:
    before, after = step.older.version, step.newer.version
    return UpcasterView(
        name=f"upcast_{newer.module.rstrip('_')}_v{before}_to_v{after}",
        older=older,
        newer=newer,
        says=f"Version {before} of {step.newer.name} as version {after}.",
        arguments=tuple(_arguments(step.rules)),
        by_hand=step.by_hand,
    )


def _arguments(rules: Sequence[UpcastRule]) -> Iterator[tuple[str, str]]:
    """The mapping, grouped by what it does."""
    tables: dict[str, dict[str, object]] = {
        "rename": {each.target: each.rename for each in rules if each.rename is not None},
        "nest": {each.target: dict(each.nest) for each in rules if each.nest},
        "split": {
            each.target: (each.split.field, each.split.by, each.split.part.value) for each in rules if each.split
        },
        "constant": {each.target: each.constant for each in rules if each.has_constant},
        "default": {each.target: each.default for each in rules if each.has_default},
    }
    yield from ((name, literal(table)) for name, table in tables.items() if table)
    dropped = [each.target for each in rules if each.drop]
    if dropped:
        yield "drop", literal(dropped)
