"""Which versions of its messages a service needs, and how they lead to those that its handlers take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from eda_gen.diagnostics import Diagnostic
from eda_gen.model import Catalog, Service
from eda_gen.passes.lineage import Handled, Lineage

__all__ = ["Versions", "versions_of"]


@dataclass(frozen=True, slots=True)
class Versions:
    """A service, with older versions that may still come among its messages; and by operation what its handler takes."""

    service: Service
    handled: Mapping[str, Handled]
    problems: tuple[Diagnostic, ...]


def versions_of(catalog: Catalog, service: Service) -> Versions:
    lineage = Lineage(catalog)
    problems = tuple(problem for message in service.messages for problem in lineage.problems_of(message))
    if problems:
        return Versions(service, {}, problems)
    handled = {operation.id: lineage.handled(operation) for operation in service.receives}
    known = {message.type for message in service.messages}
    steps = (step for each in handled.values() for step in each.steps)
    missing = {each.type: each for step in steps for each in (step.older, step.newer) if each.type not in known}
    return Versions(replace(service, messages=(*service.messages, *missing.values())), handled, ())
