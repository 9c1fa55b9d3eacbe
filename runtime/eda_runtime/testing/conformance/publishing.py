"""What is sent arrives as it was, and what cannot be sent is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from eda_runtime.envelope import Envelope
from eda_runtime.errors import PublishError
from eda_runtime.testing.conformance.kit import (
    ADDRESS,
    Broker,
    Suite,
    event,
    ids,
    policy,
    rest,
    take,
)
from eda_runtime.transports import Outgoing, Transport

__all__ = ["Publishing"]


class Publishing(Suite):
    async def test_every_attribute_of_an_envelope_arrives(self, transport: Transport) -> None:
        envelope = Envelope(
            id=str(uuid4()),
            source="/orders",
            type="sales.OrderPlaced.v2",
            time=datetime(2026, 3, 1, 12, 30, 0, 123456, UTC),
            data='{"name":"Ünïcode ✓"}'.encode(),
            datacontenttype="application/json; charset=utf-8",
            subject='order 7 "special" 100%',
            dataschema="https://example.com/order.json",
            partitionkey="customer-ü/✓",
            sequence="00042",
            correlationid="c-1",
            causationid="c-0",
            traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            tracestate="vendor=1",
            extensions={"tenant": "north", "priority": "5"},
        )
        receiver = await transport.receiver(policy())

        await transport.publish([Outgoing(ADDRESS, envelope)])
        (delivery,) = await take(receiver, 1)

        assert delivery.envelope == envelope
        assert delivery.problem is None
        assert (delivery.address, delivery.key, delivery.body) == (ADDRESS, envelope.partitionkey, envelope.data)

    async def test_publishing_nothing_is_fine(self, transport: Transport) -> None:
        await transport.publish([])

    async def test_bytes_that_are_no_event_arrive_as_they_are(self, broker: Broker, transport: Transport) -> None:
        body = bytes(range(256)) * 3
        receiver = await transport.receiver(policy())
        await broker.append(ADDRESS, "a", {"ce_id": "7", "x-note": "not an event"}, body)
        await transport.publish([event("a", 1)])

        poison, good = sorted(await take(receiver, 2), key=lambda found: found.envelope is not None)

        assert poison.envelope is None
        assert poison.problem
        assert poison.body == body
        assert poison.headers["x-note"] == "not an event"
        assert good.envelope

    async def test_data_that_is_not_text_arrives_as_it_is(self, transport: Transport) -> None:
        data = b"\x00\xff\xfe" + bytes(range(256))
        await transport.publish([event("a", 0, data), event("a", 1, b"")])

        found = await take(await transport.receiver(policy()), 2)

        assert sorted(each.body for each in found) == [b"", data]

    async def test_the_largest_body_arrives(self, transport: Transport) -> None:
        data = b"x" * transport.features.max_body
        await transport.publish([event("a", 0, data)])

        (found,) = await take(await transport.receiver(policy()), 1)

        assert found.body == data

    async def test_too_large_a_body_is_refused_by_name_and_the_others_are_sent(self, transport: Transport) -> None:
        large = event("b", 0, b"x" * (transport.features.max_body + 1))

        with pytest.raises(PublishError) as refused:
            await transport.publish([event("a", 0), large, event("c", 0)])

        assert refused.value.unacknowledged == (large,)
        assert set(ids(await rest(await transport.receiver(policy())))) == {"a/0", "c/0"}

    async def test_a_message_to_nowhere_is_refused_by_name(self, transport: Transport) -> None:
        lost = replace(event("a", 0), address="sales.nowhere")

        with pytest.raises(PublishError, match=r"sales\.nowhere") as refused:
            await transport.publish([lost])

        assert refused.value.unacknowledged == (lost,)
