"""One service, one document; one operation, one consumer group."""

from __future__ import annotations

from collections.abc import Iterable

from eda_gen.diagnostics import Severity
from eda_gen.model import Service
from eda_gen.passes import defaults
from eda_gen.passes.context import Context

__all__ = ["report_shared_groups", "report_shared_names"]


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


def report_shared_groups(services: Iterable[Service], context: Context) -> None:
    """A service that reads by one group for two operations: what one of them passes over is gone for the other."""
    for service in services:
        first: dict[str, str] = {}
        for receive in service.receives:
            other = first.setdefault(receive.group, receive.id)
            if other != receive.id:
                context.report(
                    "EDA305",
                    f"`{other}` and `{receive.id}` share the consumer group `{receive.group}`, so each would lose what the other takes",
                    receive.span,
                    "leave `group` out, or give each its own",
                )
