"""Spans and counters by OpenTelemetry's API, named by its messaging semantic conventions; no SDK is needed."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from opentelemetry import context as otel_context
from opentelemetry import metrics, trace
from opentelemetry.metrics import Counter
from opentelemetry.trace import Link, SpanKind, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from eda_runtime.envelope import Envelope

__all__ = ["Telemetry"]

SYSTEM = "eda"
_propagator = TraceContextTextMapPropagator()


def _tracer() -> Tracer:
    return trace.get_tracer("eda_runtime")


def _counters() -> Mapping[str, Counter]:
    meter = metrics.get_meter("eda_runtime")
    names = (
        "handled",
        "deprecated",
        "duplicates",
        "retried",
        "parked",
        "dead_lettered",
        "held_back",
        "out_of_order",
        "gaps",
    )
    return {name: meter.create_counter(f"eda.consumer.{name}", "{message}") for name in names}


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What the runtime tells OpenTelemetry. The counters carry the consumer group as an attribute."""

    tracer: Tracer = field(default_factory=_tracer)
    counters: Mapping[str, Counter] = field(default_factory=_counters)

    def count(self, group: str, tally: Mapping[str, int]) -> None:
        """Add to the counters that `tally` names: `handled`, `duplicates`, `retried`, `parked`, `dead_lettered`; and, where a
        broker keeps no order, `held_back`, `out_of_order`, `gaps`."""
        for name, number in tally.items():
            if number:
                self.counters[name].add(number, {"messaging.consumer.group.name": group})

    def count_deprecated(self, group: str, envelopes: Iterable[Envelope]) -> None:
        """Count messages of deprecated versions by who sent them: with `source` and `type` as attributes."""
        for (source, type_), number in Counts((each.source, each.type) for each in envelopes).items():
            attributes = {"cloudevents.event_source": source, "cloudevents.event_type": type_}
            self.counters["deprecated"].add(number, attributes | {"messaging.consumer.group.name": group})

    def creating(self, address: str, message_id: str) -> dict[str, str]:
        """Trace the creation of a message; returns its `traceparent` and `tracestate`, empty without a trace."""
        carrier: dict[str, str] = {}
        attributes = _attributes("create", address) | {"messaging.message.id": message_id}
        with self.tracer.start_as_current_span(f"create {address}", kind=SpanKind.PRODUCER, attributes=attributes):
            _propagator.inject(carrier)
        return carrier

    @contextmanager
    def processing(self, address: str, group: str, envelopes: Sequence[Envelope]) -> Iterator[None]:
        """Trace a handler: as a child of the message's creation, or, for several messages, linked to each."""
        parents = [_propagator.extract(_carrier(envelope)) for envelope in envelopes]
        single = len(envelopes) == 1
        attributes = _attributes("process", address) | {"messaging.consumer.group.name": group}
        attributes |= {"messaging.message.id": envelopes[0].id} if single else {}
        with self.tracer.start_as_current_span(
            f"process {address}",
            context=parents[0] if single else otel_context.get_current(),
            kind=SpanKind.CONSUMER,
            links=None if single else [Link(get_current_span(parent).get_span_context()) for parent in parents],
            attributes=attributes,
        ):
            yield


def _attributes(operation: str, address: str) -> dict[str, str]:
    return {
        "messaging.system": SYSTEM,
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": address,
    }


def _carrier(envelope: Envelope) -> dict[str, str]:
    pairs = (("traceparent", envelope.traceparent), ("tracestate", envelope.tracestate))
    return {name: value for name, value in pairs if value}
