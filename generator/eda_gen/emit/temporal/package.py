"""What is different where Temporal carries a service's sagas: their workflows, and the application that joins them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eda_gen.diagnostics import Diagnostic, Result, Severity
from eda_gen.emit.python.imports import import_lines
from eda_gen.emit.python.layout import EventNames
from eda_gen.emit.python.naming import Names
from eda_gen.emit.python.package import RUNTIME, package
from eda_gen.emit.python.render import render
from eda_gen.emit.python.sagas import SagaModule
from eda_gen.emit.python.service import ServiceView
from eda_gen.emit.target import Package
from eda_gen.model import Catalog, Saga, SagaStyle, Service
from eda_gen.passes.flow_graph import taken_by_saga
from eda_gen.rules.payload import Presence, presence

__all__ = ["target"]

_TAKEN = frozenset(
    (
        *("abandon", "carry_through", "definition", "history", "instance", "progress", "retry", "run", "state"),
        *("take", "task_queue"),
    )
)
"""What a workflow has already."""


def target(catalog: Catalog, service: Service) -> Result[Package]:
    """The package of `service`, with each orchestrated saga as a Temporal workflow."""
    made = package(catalog, service, _variant)
    return Result(made.value, (*made.diagnostics, *_lost_replies(catalog, service)))


def _variant(view: ServiceView, header: str) -> Mapping[str, str]:
    if not view.sagas:
        return {}
    return {
        "app.py": render("temporal/app.py", header=header, service=view, runtime=RUNTIME),
        "workflows/__init__.py": render("package.py", header=header, says="One module a saga."),
        **{f"workflows/{saga.module}.py": _workflow(view, saga, header) for saga in view.sagas},
    }


def _workflow(view: ServiceView, saga: SagaModule, header: str) -> str:
    names = Names(_TAKEN)
    imported: dict[str, set[str]] = {}
    for event in saga.takes:
        imported.setdefault(f"..events.{event.module}", set()).update((event.cls, event.constant))
    return render(
        "temporal/workflow.py",
        header=header,
        saga=saga,
        queue=view.name,
        imports=import_lines(imported),
        signals=[(names.take(event.module, *_versioned(event)), event) for event in saga.takes],
        started=" | ".join(event.cls for event in saga.takes if event.constant in saga.starts),
    )


def _versioned(event: EventNames) -> Iterator[str]:
    module = event.module.rstrip("_")
    yield f"{module}_v{event.message.version}"
    yield f"{module}_message"


def _lost_replies(catalog: Catalog, service: Service) -> Iterator[Diagnostic]:
    """Temporal finds a workflow by its id, so that a reply must say it: the embedded coordinator can look elsewhere."""
    for saga in service.sagas:
        if saga.style is SagaStyle.ORCHESTRATION and saga.correlation is not None:
            yield from _without_correlation(catalog, saga, saga.correlation)


def _without_correlation(catalog: Catalog, saga: Saga, correlation: str) -> Iterator[Diagnostic]:
    for each in taken_by_saga(saga):
        message = catalog.messages[each]
        if presence(catalog, message, correlation) in (Presence.NEVER, Presence.SOMETIMES):
            told = (
                f"{message.name} may lack `{correlation}`, which `{saga.name}` correlates by: Temporal finds its instance"
                " only where it names the command as its cause"
            )
            advice = "make it a required field of the reply, or let the participant's handler publish the reply by `ctx.publish`"
            yield Diagnostic("EDA199", told, message.span, advice, Severity.WARNING)
