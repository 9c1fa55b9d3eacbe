"""Judged changes as text for a reviewer, JSON, SARIF, and annotations of GitHub."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, TypeAlias

from eda_gen.compat.accept import Judged
from eda_gen.compat.change import Mode
from eda_gen.compat.difference import ContentModel, Direction, Place
from eda_gen.compat.rules import RULES
from eda_gen.diagnostics import Diagnostic, Severity, Span

__all__ = ["Outcome", "as_diagnostics", "as_json", "as_sarif", "as_text"]

_Plain: TypeAlias = "Mapping[str, object]"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was compared with what, and the outcome."""

    against: str
    mode: Mode
    content_model: ContentModel
    judged: tuple[Judged, ...]

    @property
    def failing(self) -> tuple[Judged, ...]:
        return tuple(each for each in self.judged if each.fails)

    @property
    def accepted(self) -> tuple[Judged, ...]:
        return tuple(each for each in self.judged if each.accepted is not None and not each.fails)


def as_text(outcome: Outcome, style: Callable[[str, Severity | None], str], *, everything: bool = False) -> str:
    """Changes by what they change; compatible ones only where `everything` is asked for. `style` colours a word."""
    shown = [each for each in outcome.judged if everything or _severity(each) is not Severity.INFO]
    by_subject: dict[str, list[Judged]] = {}
    for each in shown:
        by_subject.setdefault(each.change.subject, []).append(each)
    blocks = [
        "\n".join([style(subject, None), *(_lines(each, style) for each in found)])
        for subject, found in by_subject.items()
    ]
    return "\n\n".join([*blocks, _summary(outcome)])


def _severity(judged: Judged) -> Severity:
    """An accepted break is no error any more, and still to be seen."""
    severity = judged.change.severity(judged.mode)
    return Severity.WARNING if severity is Severity.ERROR and not judged.fails else severity


def _lines(judged: Judged, style: Callable[[str, Severity | None], str]) -> str:
    change, severity = judged.change, _severity(judged)
    difference = change.difference
    head = style(f"{severity.value}[{difference.rule.id}]", severity)
    lines = [f"  {head} {_printable(_told(judged))}", f"    at {change.new}, before at {change.old}"]
    if change.breaks(judged.mode):
        lines.append(f"    breaks {_breaks(judged)}")
    lines += [f"    {line}" for line in (_acceptance(judged),) if line]
    if severity is not Severity.INFO and judged.accepted is None:
        lines.append(f"    help: {difference.rule.help}")
    return "\n".join(lines)


def _told(judged: Judged) -> str:
    """The message, after the field that it is about."""
    difference = judged.change.difference
    field = difference.new.field if len(difference.new.field) >= len(difference.old.field) else difference.old.field
    return f"{field}: {difference.message}" if field else difference.message


def _breaks(judged: Judged) -> str:
    direction = judged.change.difference.direction & judged.mode.refuses
    when = {
        Direction.NARROWS: "new readers of old data",
        Direction.WIDENS: "old readers of new data",
    }.get(direction, "new readers of old data and old readers of new data")
    against = f" (against {judged.change.against})" if judged.change.against else ""
    users = ", ".join(map(str, judged.change.hurts(judged.mode)))
    return f"{when}{against}: {users or 'none in this workspace'}"


def _acceptance(judged: Judged) -> str:
    if judged.accepted is None:
        return ""
    if judged.expired:
        return f"was accepted until {judged.accepted.expires}, which is over: {_printable(judged.accepted.reason)}"
    return f"accepted until {judged.accepted.expires}: {_printable(judged.accepted.reason)}"


def _summary(outcome: Outcome) -> str:
    breaking, accepted = len(outcome.failing), len(outcome.accepted)
    fine = sum(_severity(each) is Severity.INFO for each in outcome.judged)
    warnings = len(outcome.judged) - breaking - accepted - fine
    words = [_count(breaking, "breaking change") if breaking else "no breaking change"]
    words += [f"{accepted} accepted"] if accepted else []
    words += [_count(warnings, "warning")] if warnings else []
    words += [f"{_count(fine, 'compatible change')}"] if fine else []
    how = f"{outcome.mode.value}, {outcome.content_model.value}"
    return f"{', '.join(words)} against {outcome.against} ({how})"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _printable(text: str) -> str:
    """Control characters of a spec must not reach a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def as_diagnostics(outcome: Outcome) -> tuple[Diagnostic, ...]:
    """What fails or deserves a look, as findings at the lines of the new documents."""
    return tuple(_diagnostic(each) for each in outcome.judged if _severity(each) is not Severity.INFO)


def _diagnostic(judged: Judged) -> Diagnostic:
    difference = judged.change.difference
    told = [f"{judged.change.subject}: {_told(judged)}"]
    told += [f"breaks {_breaks(judged)}"] if judged.change.breaks(judged.mode) else []
    told += [each for each in (_acceptance(judged),) if each]
    return Diagnostic(difference.rule.id, "; ".join(told), judged.change.new, difference.rule.help, _severity(judged))


def as_json(outcome: Outcome) -> str:
    """All changes, compatible ones too."""
    whole = {
        "against": outcome.against,
        "mode": outcome.mode.value,
        "contentModel": outcome.content_model.value,
        "compatible": not outcome.failing,
        "changes": [_plain(each) for each in outcome.judged],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False)


def _plain(judged: Judged) -> _Plain:
    change, accepted = judged.change, judged.accepted
    difference = change.difference
    return {
        "rule": difference.rule.id,
        "name": difference.rule.name,
        "severity": _severity(judged).value,
        "fails": judged.fails,
        "subject": change.subject,
        "field": difference.new.field or difference.old.field,
        "message": difference.message,
        "breaksBackward": Direction.NARROWS in difference.direction,
        "breaksForward": Direction.WIDENS in difference.direction,
        "breaks": [str(user) for user in change.hurts(judged.mode)],
        "old": _position(difference.old, change.old),
        "new": _position(difference.new, change.new),
        "against": change.against,
        "help": difference.rule.help,
        "accepted": accepted
        and {"reason": accepted.reason, "expires": accepted.expires.isoformat(), "expired": judged.expired},
    }


def _position(place: Place, span: Span) -> _Plain:
    return {"path": span.path, "line": span.line, "column": span.column, "pointer": place.pointer}


def as_sarif(outcome: Outcome) -> str:
    """SARIF 2.1.0, with every rule's sentence."""
    found = [each for each in outcome.judged if _severity(each) is not Severity.INFO]
    driver = {"name": "eda-gen", "rules": _sarif_rules(found)}
    run = {"tool": {"driver": driver}, "results": [_result(each) for each in found]}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _sarif_rules(found: Iterable[Judged]) -> Sequence[_Plain]:
    used = {each.change.difference.rule for each in found}
    return [
        {"id": each.id, "name": each.name, "shortDescription": {"text": each.sentence}, "help": {"text": each.help}}
        for each in RULES
        if each in used
    ]


def _result(judged: Judged) -> _Plain:
    diagnostic, change = _diagnostic(judged), judged.change
    region = {"startLine": change.new.line, "startColumn": change.new.column}
    place = {"artifactLocation": {"uri": PurePath(change.new.path).as_posix()}, "region": region}
    name = {"fullyQualifiedName": str(change.difference.new)}
    result: dict[str, object] = {
        "ruleId": diagnostic.code,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": f"{diagnostic.message} (before at {change.old})"},
        "locations": [{"physicalLocation": place, "logicalLocations": [name]}],
    }
    if judged.accepted is not None and not judged.fails:
        result["suppressions"] = [{"kind": "external", "justification": judged.accepted.reason}]
    return result
