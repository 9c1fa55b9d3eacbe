"""From a saga of a catalog to its verdict."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.model import Catalog, MessageId, Saga, SagaStyle, Service
from eda_gen.passes.flow_graph import flow_graph
from eda_gen.verify.circles import circle_of_commands
from eda_gen.verify.explore import Exploration, Finding, explore
from eda_gen.verify.plan import Plan, plan_saga
from eda_gen.verify.timing import short_time_outs
from eda_gen.verify.verdict import Fault, Moment, Property, Verdict
from eda_gen.verify.world import Action, Bounds, World

__all__ = ["MOST_STATES", "orchestrated_sagas", "verify"]

MOST_STATES = 1_000_000


def orchestrated_sagas(catalog: Catalog) -> Iterator[tuple[Service, Saga]]:
    for service in catalog.services:
        yield from ((service, saga) for saga in service.sagas if saga.style is SagaStyle.ORCHESTRATION)


def verify(
    catalog: Catalog, service: Service, saga: Saga, bounds: Bounds | None = None, most_states: int = MOST_STATES
) -> Verdict:
    """Explore all runs of `saga` within `bounds`; each property that does not hold comes with a shortest run."""
    graph = flow_graph(catalog)
    found = explore(plan_saga(catalog, graph, saga), bounds or Bounds(), most_states)
    teller = _Teller(catalog, saga, found)
    faults = {finding.broken: finding for finding in reversed(list(found.findings()))}
    told = [teller.tell(faults[broken]) for broken in Property if broken in faults]
    told += short_time_outs(saga)
    told += circle_of_commands(catalog, graph, saga)
    return Verdict(service.name, saga.name, saga.span, len(found.came_from), found.complete, tuple(told))


class _Teller:
    """Tells a run in the words of the spec."""

    def __init__(self, catalog: Catalog, saga: Saga, found: Exploration) -> None:
        self._catalog = catalog
        self._saga = saga
        self._found = found
        self._plan: Plan = found.plan

    def tell(self, finding: Finding) -> Fault:
        run = [Moment("", self._saga.name, self._names(self._saga.starts))] if self._saga.starts else []
        run += self._sent(self._found.start, None)
        before = self._found.start
        for action, after in self._found.run(finding.world):
            run += self._moments(action)
            run += self._sent(after, before)
            before = after
        return Fault(finding.broken, self._reason(finding), tuple(run))

    def _reason(self, finding: Finding) -> str:
        name = self._plan.steps[finding.step].name if finding.step is not None else ""
        return {
            Property.ENDS: f"{self._saga.name} waits, and nothing that may still happen ends it",
            Property.COMPLETES: f"no run of {self._saga.name} completes",
            Property.UNDONE: (
                f"{name} took effect, and nothing undoes it" if name else "a step is undone that never ran"
            ),
            Property.DONE: f"{self._saga.name} has completed, though {name} has not taken effect",
            Property.PIVOT: "the pivot has taken effect, and a step before it is undone",
            Property.HANDLED: "a reply comes that no step takes",
        }[finding.broken]

    def _moments(self, action: Action) -> Iterator[Moment]:
        step = self._plan.steps[action.step].name if action.step is not None else ""
        message = self._named(action.message) if action.message is not None else ""
        match action.kind:
            case "answer":
                yield Moment(step, step, f"the handler answers {message or 'nothing'}")
            case "dead-letter":
                yield Moment(step, step, "the handler gives up: a dead letter")
            case "reply":
                yield Moment(step, self._saga.name, message)
            case "reply-again":
                yield Moment(step, self._saga.name, f"{message}, which will come again")
            case "crash":
                yield Moment(step, self._saga.name, f"{message}, then a crash before the acknowledgement")
            case "time-out":
                yield Moment(self._saga.name, self._saga.name, f"{step} times out")
            case "saga-time-out":
                yield Moment(self._saga.name, self._saga.name, "the saga times out")
            case "undo":
                compensate = self._plan.steps[action.step or 0].compensate
                yield Moment(step, step, f"the handler takes {self._named(compensate) if compensate else ''}")

    def _sent(self, after: World, before: World | None) -> Iterator[Moment]:
        known = before.commands if before else frozenset[int]()
        undone = before.compensations if before else frozenset[int]()
        for each in sorted(after.commands - known):
            yield Moment(self._saga.name, self._plan.steps[each].name, self._named(self._plan.steps[each].command))
        for each in sorted(after.compensations - undone, reverse=True):
            compensate = self._plan.steps[each].compensate
            yield Moment(self._saga.name, self._plan.steps[each].name, self._named(compensate) if compensate else "")
        status = after.coordinator.status
        if before is not None and status != before.coordinator.status and status in ("completed", "failed"):
            ends = self._saga.completes if status == "completed" else self._saga.fails
            told = f": {self._names(ends)}" if ends else ""
            yield Moment(self._saga.name, self._saga.name, f"{self._saga.name} has {status}{told}")

    def _named(self, message: MessageId) -> str:
        found = self._catalog.messages[message]
        return f"{found.name}.v{found.version}"

    def _names(self, messages: tuple[MessageId, ...]) -> str:
        return " or ".join(map(self._named, messages))
