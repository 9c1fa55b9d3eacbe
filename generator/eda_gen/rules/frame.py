"""What a lint rule is, and how all rules that are installed are found and run.

A rule is a function under `@rule`; its docstring is its documentation, and `eda-gen explain` prints it. A module of rules
is registered under the entry point group `eda_gen.rules`, ours as well as anybody's.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from importlib.metadata import entry_points
from typing import TypeAlias

from eda_gen.diagnostics import Diagnostic, Severity, Span, sorted_diagnostics
from eda_gen.model import Catalog, Operation, Service
from eda_gen.model.flow import FlowGraph
from eda_gen.passes.flow_graph import flow_graph

__all__ = [
    "GROUP",
    "Finding",
    "Rule",
    "Subject",
    "chosen",
    "installed_rules",
    "lint",
    "operations_of",
    "rule",
    "subject_of",
]

GROUP = "eda_gen.rules"


@dataclass(frozen=True, slots=True)
class Subject:
    """What rules look at: the whole workspace, who causes what in it, and the day."""

    catalog: Catalog
    graph: FlowGraph
    today: date


@dataclass(frozen=True, slots=True)
class Finding:
    at: Span
    message: str
    help: str | None = None


Check: TypeAlias = Callable[[Subject], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A check with its code. `name` is what a person would search for."""

    code: str
    severity: Severity
    check: Check

    @property
    def name(self) -> str:
        return self.check.__name__.replace("_", "-")

    @property
    def documentation(self) -> str:
        return inspect.cleandoc(self.check.__doc__ or "")

    @property
    def summary(self) -> str:
        return self.documentation.partition("\n")[0]

    def run(self, subject: Subject) -> Iterator[Diagnostic]:
        for found in self.check(subject):
            yield Diagnostic(self.code, found.message, found.at, found.help, self.severity)


def rule(code: str, *, severity: Severity = Severity.WARNING) -> Callable[[Check], Rule]:
    """Make a rule of a function."""
    return lambda check: Rule(code, severity, check)


def subject_of(catalog: Catalog, today: date) -> Subject:
    return Subject(catalog, flow_graph(catalog), today)


def operations_of(service: Service) -> tuple[Operation, ...]:
    return (*service.sends, *service.receives)


def installed_rules() -> tuple[Rule, ...]:
    """The rules of all registered modules, by code."""
    modules = sorted({entry.value for entry in entry_points(group=GROUP)})
    found = {each.code: each for module in modules for each in _rules_of(module)}
    return tuple(found[code] for code in sorted(found))


def _rules_of(module: str) -> Iterator[Rule]:
    return (each for each in vars(import_module(module)).values() if isinstance(each, Rule))


def chosen(code: str, select: tuple[str, ...], ignore: tuple[str, ...]) -> bool:
    """Whether a code is reported. Each entry is a code or the beginning of codes; the longest that fits decides."""
    taken = max((len(each) for each in select if code.startswith(each)), default=-1 if select else 0)
    left_out = max((len(each) for each in ignore if code.startswith(each)), default=-1)
    return taken > left_out


def lint(subject: Subject, rules: Iterable[Rule]) -> tuple[Diagnostic, ...]:
    """All findings of some rules, in the order of the documents."""
    return sorted_diagnostics(found for each in rules for found in each.run(subject))
