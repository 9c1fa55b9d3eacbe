"""Which versions of its messages a service needs, and how they lead to those that its handlers take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from eda_gen.diagnostics import Diagnostic
from eda_gen.model import Catalog, Service
from eda_gen.passes.lineage import Handled, Lineage, Published
from eda_gen.passes.replies import received

__all__ = ["Versions", "versions_of"]


@dataclass(frozen=True, slots=True)
class Versions:
    """A service, with older versions that still come or go among its messages; what the handler of each receive
    operation takes, and what each send operation publishes side by side."""

    service: Service
    handled: Mapping[str, Handled]
    published: Mapping[str, tuple[Published, ...]]
    problems: tuple[Diagnostic, ...]


def versions_of(catalog: Catalog, service: Service) -> Versions:
    lineage = Lineage(catalog)
    problems = [problem for message in service.messages for problem in lineage.problems_of(message)]
    problems += [problem for operation in service.sends for problem in lineage.problems_of_send(operation)]
    if problems:
        return Versions(service, {}, {}, tuple(problems))
    handled = {operation.id: lineage.handled(operation) for operation in received(catalog, service)}
    published = {operation.id: lineage.published(operation) for operation in service.sends}
    steps = [step for each in handled.values() for step in each.steps]
    steps += [step for found in published.values() for each in found for way in each.ways for step in way]
    known = {message.type for message in service.messages}
    missing = {each.type: each for step in steps for each in (step.older, step.newer) if each.type not in known}
    whole = replace(service, messages=(*service.messages, *missing.values()))
    return Versions(whole, handled, published, ())
