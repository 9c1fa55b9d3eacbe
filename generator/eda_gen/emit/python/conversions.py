"""Between versions of a message: functions where the spec says all, methods of a protocol where only a person can."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eda_gen.emit.python.layout import EventNames
from eda_gen.emit.python.text import literal
from eda_gen.model import UpcastRule
from eda_gen.passes.lineage import VersionStep

__all__ = ["Conversion", "downcast_call", "downcasts", "upcasts"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """One step, up or back; `arguments` are Python source."""

    name: str
    given: EventNames
    made: EventNames
    arguments: tuple[tuple[str, str], ...]
    by_hand: bool

    @property
    def says(self) -> str:
        given, made = self.given.message, self.made.message
        return f"Version {given.version} of {made.name} as version {made.version}."

    @property
    def upcast(self) -> str:
        """The step, as `consumers.py` states it."""
        function = f"upcasters.{self.name}" if self.by_hand else self.name
        return f"Upcast({self.given.constant}, {self.made.constant}, {function})"

    @property
    def imported(self) -> tuple[str, ...]:
        """What those who use it need of the module of events."""
        names = (self.given.constant, self.made.constant)
        return (*names, self.given.cls, self.made.cls) if self.by_hand else (*names, self.name)


def upcasts(steps: Iterable[VersionStep], events: Mapping[str, EventNames]) -> tuple[Conversion, ...]:
    """`events` are by CloudEvents type: two documents may write the same message."""
    unique = {(step.older.type, step.newer.type): step for step in steps}
    return tuple(
        _conversion("upcast", step, events[step.older.type], events[step.newer.type]) for step in unique.values()
    )


def downcasts(steps: Iterable[VersionStep], events: Mapping[str, EventNames]) -> tuple[Conversion, ...]:
    """As `upcasts`, the other way round."""
    unique = {(step.older.type, step.newer.type): step for step in steps}
    return tuple(
        _conversion("downcast", step, events[step.newer.type], events[step.older.type]) for step in unique.values()
    )


def downcast_call(way: Sequence[Conversion]) -> str:
    """The expression that leads from `event` back along the steps of a way."""
    call = "event"
    for each in way:
        call = f"{'self._downcasters.' if each.by_hand else ''}{each.name}({call})"
    return call


def _conversion(verb: str, step: VersionStep, given: EventNames, made: EventNames) -> Conversion:
    return Conversion(
        name=f"{verb}_{made.module.rstrip('_')}_v{given.message.version}_to_v{made.message.version}",
        given=given,
        made=made,
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
