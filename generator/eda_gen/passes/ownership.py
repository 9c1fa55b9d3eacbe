"""One service, one document."""

from __future__ import annotations

from collections.abc import Iterable

from eda_gen.diagnostics import Severity
from eda_gen.model import Service
from eda_gen.passes import defaults
from eda_gen.passes.context import Context

__all__ = ["report_shared_names"]


def report_shared_names(services: Iterable[Service], context: Context) -> None:
    """Two documents that describe one service: an error where the name was chosen, else perhaps two titles alike."""
    first: dict[str, Service] = {}
    for service in services:
        other = first.setdefault(service.name, service)
        if other is service:
            continue
        by_title = all(each.name == defaults.service_name(each.title) for each in (service, other))
        context.report(
            "EDA301",
            f"`{other.document.path}` describes a service `{service.name}` too",
            service.span,
            "give one of them another name by `x-eda: {service: …}` in `info`",
            Severity.WARNING if by_title else Severity.ERROR,
        )
