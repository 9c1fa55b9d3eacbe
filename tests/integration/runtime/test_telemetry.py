"""One trace from who publishes to who handles, with OpenTelemetry's API alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import pytest
from opentelemetry import context, metrics, trace
from opentelemetry.metrics import Counter, NoOpCounter, NoOpMeter
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from tests.integration.runtime.support import (
    ORDERS,
    PLACED,
    Context,
    Placed,
    create_app,
    eventually,
    noted,
    place,
    received,
    running,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"


@contextmanager
def traced() -> Iterator[None]:
    span = NonRecordingSpan(SpanContext(int(TRACE, 16), 0xB7AD6B7169203331, is_remote=True, trace_flags=TraceFlags(1)))
    token = context.attach(trace.set_span_in_context(span))
    try:
        yield
    finally:
        context.detach(token)


async def test_the_trace_goes_from_the_publisher_through_the_outbox_to_the_handler_and_on(url: str) -> None:
    seen: list[str] = []

    async def handle(event: Placed, ctx: Context) -> None:
        seen.append(f"{trace.get_current_span().get_span_context().trace_id:032x}")
        ctx.publish.to("onward", event)

    async with running(create_app(url, handle)) as app:
        with traced():
            await place(app, ("a", 1))
        found = await received(app, ORDERS.address) + await received(app, "onward")

    assert seen == [TRACE]
    envelopes = [delivery.envelope for delivery in found]
    assert [(envelope.traceparent or "")[3:35] for envelope in envelopes if envelope] == [TRACE, TRACE]


async def test_without_a_trace_none_is_made_up(url: str) -> None:
    async with running(create_app(url), roles=["relay"]) as app:
        await place(app, ("a", 1))
        (found,) = await received(app, ORDERS.address)

    assert found.envelope is not None
    assert found.envelope.traceparent is None


class Counts(NoOpCounter):
    """Notes what is added to it, by its attributes."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.added: list[tuple[float, Mapping[str, object]]] = []

    def add(self, amount: float, attributes: Mapping[str, object] | None = None, *_: object, **__: object) -> None:
        self.added.append((amount, dict(attributes or {})))


class Meter(NoOpMeter):
    def __init__(self) -> None:
        super().__init__("test")
        self.counters: dict[str, Counts] = {}

    def create_counter(self, name: str, unit: str = "", description: str = "") -> Counter:
        return self.counters.setdefault(name, Counts(name))


async def test_what_comes_in_a_deprecated_version_is_counted_by_who_sent_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = Meter()
    monkeypatch.setattr(metrics, "get_meter", lambda name: meter)
    contract = replace(PLACED, deprecated_since=date(2026, 1, 1))

    async with running(create_app(url, contract=contract)) as app:
        await place(app, ("a", 1), ("a", 2))
        await eventually(lambda: noted(app), [("a", 1), ("a", 2)])

    added = meter.counters["eda.consumer.deprecated"].added
    attributes = {
        "cloudevents.event_source": "/shop",
        "cloudevents.event_type": "t.Placed.v1",
        "messaging.consumer.group.name": "shop.onPlaced",
    }
    assert sum(amount for amount, _ in added) == 2
    assert [each for _, each in added] == [attributes] * len(added)


async def test_what_comes_in_a_current_version_is_not(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    meter = Meter()
    monkeypatch.setattr(metrics, "get_meter", lambda name: meter)

    async with running(create_app(url)) as app:
        await place(app, ("a", 1))
        await eventually(lambda: noted(app), [("a", 1)])

    assert meter.counters["eda.consumer.deprecated"].added == []
    assert sum(amount for amount, _ in meter.counters["eda.consumer.handled"].added) == 1
