"""One schema before a subject that may take it: what speaks against it, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eda_gen.compat import ContentModel, Difference, Locate
from eda_gen.diagnostics import Diagnostic, Severity
from eda_gen.model import Schema, SchemaId
from eda_gen.registry.client import Answer
from eda_gen.registry.judge import breaks
from eda_gen.registry.reading import Readable
from eda_gen.registry.subjects import Candidate

__all__ = ["Case"]


@dataclass(frozen=True, slots=True)
class Case:
    """`held` is what the subject holds, or will hold by then, oldest first."""

    subject: str
    level: str
    held: Sequence[Readable]
    candidate: Candidate
    schemas: Mapping[SchemaId, Schema]
    locate: Locate

    def reasons(self, content_model: ContentModel = ContentModel.AS_WRITTEN) -> tuple[Difference, ...]:
        """Why a registry refuses it, as we know the rules."""
        payload = self.candidate.message.payload
        assert payload is not None
        return breaks(self.held, (payload, self.schemas), self.level, content_model)

    def refused(self, answer: Answer, reasons: tuple[Difference, ...]) -> Diagnostic:
        says = f"; the registry says: {answer.why}" if answer.why else ""
        if not answer.valid:
            told = f"the registry takes the schema of {self.candidate} for no schema{says}"
            return self._told("EDA035", told, "check what it says against the schema's language")
        if not reasons:
            told = f"the registry refuses {self.candidate} as the next schema of `{self.subject}` ({self.level}){says}"
            return self._told("EDA034", told, "eda-gen finds nothing that breaks: registries differ in their rules")
        told = f"{self.candidate} breaks `{self.subject}` ({self.level}): {self._why(reasons)}{says}"
        return self._told("EDA034", told, self._way_out())

    def taken_all_the_same(self, reasons: tuple[Difference, ...]) -> Diagnostic:
        told = f"the registry takes {self.candidate} for `{self.subject}` ({self.level}), although it breaks: "
        help = "registries differ in their rules: believe the one that reads your data"
        return self._told("EDA036", told + self._why(reasons), help, Severity.WARNING)

    def _told(self, code: str, told: str, help: str, severity: Severity = Severity.ERROR) -> Diagnostic:
        return Diagnostic(code, told, self.candidate.message.span, help, severity)

    def _why(self, reasons: tuple[Difference, ...]) -> str:
        return "; ".join(self._each(reasons))

    def _each(self, reasons: tuple[Difference, ...]) -> Iterator[str]:
        """The first few, each with its place in the spec."""
        for each in reasons[:3]:
            field = f"{each.new.field}: " if each.new.field else ""
            yield f"{field}{each.message} [{each.rule.id}] at {self.locate(each.new, self.candidate.message.span)}"
        if len(reasons) > 3:
            yield f"and {len(reasons) - 3} more"

    def _way_out(self) -> str:
        if self.reasons(ContentModel.TOLERANT):
            return "keep to what the level allows, or give the subject another: `--compatibility NONE` takes anything"
        return (
            "it hurts no generated consumer, which ignores unknown fields; the registry judges an open object, which may hold"
            " anything under any name: close it by `additionalProperties: false`, or take `--compatibility NONE`"
        )
