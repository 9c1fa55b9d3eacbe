"""`push` and `check`: one subject after the other, its versions oldest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from eda_gen.compat import Locate
from eda_gen.diagnostics import Diagnostic
from eda_gen.model import Schema, SchemaId
from eda_gen.registry.case import Case
from eda_gen.registry.client import Answer, Registered, Registry
from eda_gen.registry.reading import Readable, readable
from eda_gen.registry.subjects import Candidate, Subject

__all__ = ["Outcome", "Work"]


@dataclass(slots=True)
class Outcome:
    """What was done, or would be, a line each; and what was refused."""

    lines: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Work:
    """What is the same for all subjects. A `dry` run changes nothing and says what a push would do."""

    registry: Registry
    schemas: Mapping[SchemaId, Schema]
    locate: Locate
    level: str | None
    dry: bool

    def on(self, subject: Subject, outcome: Outcome) -> None:
        """Adds to `outcome`. Raises `RegistryError`, with what was done before in `outcome`."""
        held = self.registry.versions(subject.name)
        level, changes = self._level(subject, outcome)
        if changes and held:
            self._set(subject, level)
        can_tell = bool(held) and not changes
        known = [readable(each, self.registry) for each in held]
        for candidate in subject.candidates:
            there = next((each for each in reversed(held) if each.schema.same_as(candidate.schema)), None)
            if there is not None:
                outcome.lines.append(f"{subject.name}: {candidate} is there, as version {there.version}, id {there.id}")
                continue
            case = Case(subject.name, level, tuple(known), candidate, self.schemas, self.locate)
            if self._takes(case, outcome, can_tell=can_tell):
                if changes and not known:
                    self._set(subject, level)
                known.append(_as_held(subject, candidate, len(known) + 1))
                can_tell = False

    def _level(self, subject: Subject, outcome: Outcome) -> tuple[str, bool]:
        """The level that the subject is to have, and whether that is a change. A default is no level of its own, but a
        level `NONE` may look like none at all."""
        found, own = self.registry.level(subject.name)
        if self.level is None or (self.level == found and (own or found == "NONE")):
            return found, False
        word = "becomes" if self.dry else "became"
        outcome.lines.append(f"{subject.name}: compatibility {found} {word} {self.level}")
        return self.level, True

    def _set(self, subject: Subject, level: str) -> None:
        """Some registries know no level of a subject that holds nothing, which takes its first schema at any level."""
        if not self.dry:
            self.registry.set_level(subject.name, level)

    def _takes(self, case: Case, outcome: Outcome, *, can_tell: bool) -> bool:
        """Whether the subject takes what it does not hold. Where a dry run cannot ask, as the level is to be another or
        versions before this one are not there yet, our own judgement stands in."""
        reasons = case.reasons()
        answer = self._answer(case, can_tell=can_tell) or Answer(not reasons)
        if not answer.accepted:
            outcome.diagnostics.append(case.refused(answer, reasons))
            return False
        outcome.diagnostics += [case.taken_all_the_same(reasons)] if reasons else []
        done = "would be registered" if self.dry else f"was registered, id {answer.id}"
        outcome.lines.append(f"{case.subject}: {case.candidate} {done}")
        return True

    def _answer(self, case: Case, *, can_tell: bool) -> Answer | None:
        if not self.dry:
            return self.registry.register(case.subject, case.candidate.schema)
        return self.registry.would_take(case.subject, case.candidate.schema, case.level) if can_tell else None


def _as_held(subject: Subject, candidate: Candidate, version: int) -> Readable:
    return readable(Registered(subject.name, version, 0, candidate.schema))
