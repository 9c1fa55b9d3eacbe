"""One trace from who publishes to who handles, with OpenTelemetry's API alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from tests.integration.runtime.support import (
    ORDERS,
    Context,
    Placed,
    create_app,
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
