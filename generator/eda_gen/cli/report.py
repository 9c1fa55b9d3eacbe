"""Findings, printed: for a person, for a machine, for GitHub's annotations, for SARIF viewers."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Final

import click

from eda_gen.codes import CODES
from eda_gen.diagnostics import Diagnostic, Severity

__all__ = ["FORMATS", "format_option", "print_diagnostics"]

_COLORS: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_GITHUB_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_SARIF_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_TAB_AS: Final = " "
_WIDEST: Final = 200


def print_diagnostics(diagnostics: Iterable[Diagnostic], format: str = "text") -> None:
    """Write findings to stderr in one of `FORMATS`. `json` and `sarif` are whole documents, also when there is nothing."""
    text = FORMATS[format](tuple(diagnostics))
    if text:
        click.echo(text, err=True, color=wants_color(terminal=sys.stderr.isatty()))


def wants_color(*, terminal: bool) -> bool:
    """Colour is for terminals whose user did not refuse it (no-color.org)."""
    return terminal and not os.environ.get("NO_COLOR")


def as_text(diagnostics: tuple[Diagnostic, ...]) -> str:
    """One block a finding: what and where, the line itself with a caret under the place, and what to do."""
    lines_of = cache(_lines)
    blocks = [_block(each, lines_of(each.span.path)) for each in diagnostics]
    return "\n\n".join([*blocks, _summary(diagnostics)]) if diagnostics else ""


def _block(each: Diagnostic, lines: tuple[str, ...]) -> str:
    head = click.style(f"{each.severity.value}[{each.code}]", fg=_COLORS[each.severity], bold=True)
    number = str(each.span.line)
    gutter = " " * len(number)
    parts = [f"{head}: {click.style(_printable(each.message), bold=True)}", f"{gutter}--> {_printable(str(each.span))}"]
    if each.span.line <= len(lines):
        shown, caret = _excerpt(lines[each.span.line - 1], each.span.column - 1)
        parts += [
            f"{gutter} |",
            f"{number} | {shown}",
            f"{gutter} | {' ' * caret}{click.style('^', fg=_COLORS[each.severity])}",
        ]
    if each.help:
        parts.append(f"{gutter} = help: {_printable(each.help)}")
    return "\n".join(parts)


def _excerpt(line: str, column: int) -> tuple[str, int]:
    """A line, cut around the column where it is very long, and where in it the column then is."""
    start = max(0, column - _WIDEST // 2) if len(line) > _WIDEST else 0
    return _printable(line[start : start + _WIDEST].expandtabs(1)), column - start


def _printable(text: str) -> str:
    """Control characters of a spec must not reach a terminal."""
    return "".join(
        char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" if char != "\n" else " " for char in text
    )


def _lines(path: str) -> tuple[str, ...]:
    """The lines of a file; none of what is no file, such as a pipe."""
    try:
        if not Path(path).is_file():
            return ()
        with Path(path).open("rb") as stream:
            return tuple(stream.read(16 * 1024 * 1024).decode("utf-8-sig", "replace").split("\n"))
    except (OSError, ValueError):
        return ()


def _summary(diagnostics: tuple[Diagnostic, ...]) -> str:
    counts = {severity: sum(each.severity is severity for each in diagnostics) for severity in Severity}
    words = [f"{count} {severity.value}{'s' if count > 1 else ''}" for severity, count in counts.items() if count]
    return ", ".join(words)


def as_json(diagnostics: tuple[Diagnostic, ...]) -> str:
    return json.dumps([_plain(each) for each in diagnostics], indent=2, ensure_ascii=False)


def _plain(each: Diagnostic) -> Mapping[str, str | int | None]:
    return {
        "code": each.code,
        "severity": each.severity.value,
        "message": each.message,
        "path": each.span.path,
        "line": each.span.line,
        "column": each.span.column,
        "help": each.help,
    }


def as_github(diagnostics: tuple[Diagnostic, ...]) -> str:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    return "\n".join(_command(each) for each in diagnostics)


def _command(each: Diagnostic) -> str:
    message = f"{each.message} ({each.help})" if each.help else each.message
    place = f"file={_property(each.span.path)},line={each.span.line},col={each.span.column},title={each.code}"
    return f"::{_GITHUB_LEVELS[each.severity]} {place}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(diagnostics: tuple[Diagnostic, ...]) -> str:
    """SARIF 2.1.0."""
    codes = sorted({each.code for each in diagnostics})
    rules = [{"id": code, "shortDescription": {"text": CODES.get(code, code)}} for code in codes]
    run = {"tool": {"driver": {"name": "eda-gen", "rules": rules}}, "results": [_result(each) for each in diagnostics]}
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _result(each: Diagnostic) -> Mapping[str, object]:
    text = f"{each.message}; {each.help}" if each.help else each.message
    region = {"startLine": each.span.line, "startColumn": each.span.column}
    place = {"artifactLocation": {"uri": Path(each.span.path).as_posix()}, "region": region}
    return {
        "ruleId": each.code,
        "level": _SARIF_LEVELS[each.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }


FORMATS: Final[Mapping[str, Callable[[tuple[Diagnostic, ...]], str]]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}

format_option = click.option(
    "--format",
    "format",
    type=click.Choice(tuple(FORMATS)),
    default="text",
    show_default=True,
    help="How findings are printed.",
)
