"""Breaks that a project has accepted, each with a reason and a day on which that ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from eda_gen.compat.change import Change, Mode
from eda_gen.config import AcceptedBreak

__all__ = ["Judged", "judge", "unused"]


@dataclass(frozen=True, slots=True)
class Judged:
    """A change in one mode, and the acceptance that covers it, if there is one."""

    change: Change
    mode: Mode
    accepted: AcceptedBreak | None
    expired: bool

    @property
    def fails(self) -> bool:
        return self.change.breaks(self.mode) and (self.accepted is None or self.expired)


def judge(changes: Iterable[Change], mode: Mode, accepted: Sequence[AcceptedBreak], today: date) -> tuple[Judged, ...]:
    """An acceptance holds up to and with its last day; a newer one for the same break goes before an older one."""
    latest_first = sorted(accepted, key=lambda each: each.expires, reverse=True)
    return tuple(_judged(change, mode, latest_first, today) for change in changes)


def _judged(change: Change, mode: Mode, accepted: Sequence[AcceptedBreak], today: date) -> Judged:
    found = next((each for each in accepted if change.breaks(mode) and _covers(each, change)), None)
    return Judged(change, mode, found, found is not None and found.expires < today)


def _covers(accepted: AcceptedBreak, change: Change) -> bool:
    rule, subjects = change.difference.rule, change.subject.split(", ")
    return accepted.rule in (rule.id, rule.name) and all(fnmatchcase(each, accepted.subject) for each in subjects)


def unused(judged: Iterable[Judged], accepted: Iterable[AcceptedBreak]) -> tuple[AcceptedBreak, ...]:
    """Entries that cover nothing, and can go."""
    used = {each.accepted for each in judged}
    return tuple(each for each in accepted if each not in used)
