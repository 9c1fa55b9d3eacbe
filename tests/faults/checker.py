"""Counts what went wrong between what was published and what was applied."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Fact", "Verdict", "check"]


@dataclass(frozen=True, slots=True)
class Fact:
    """The message numbered `number` of a key."""

    key: str
    number: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Messages published and never applied, applied and never published, applied again, and applied after a later one
    of their key."""

    lost: int
    invented: int
    applied_twice: int
    out_of_order: int

    @property
    def clean(self) -> bool:
        return self == Verdict(0, 0, 0, 0)


def check(published: Iterable[Fact], applied: Iterable[Fact]) -> Verdict:
    """Judge `applied`, in the order of application, by `published`; numbers of a key rise in the order of publishing."""
    expected, happened = set(published), list(applied)
    times = Counter(happened)
    return Verdict(
        lost=len(expected - times.keys()),
        invented=len(times.keys() - expected),
        applied_twice=sum(count - 1 for count in times.values()),
        out_of_order=_out_of_order(happened),
    )


def _out_of_order(happened: list[Fact]) -> int:
    highest: dict[str, int] = defaultdict(lambda: -1)
    late = 0
    for fact in dict.fromkeys(happened):
        late += fact.number < highest[fact.key]
        highest[fact.key] = max(highest[fact.key], fact.number)
    return late
