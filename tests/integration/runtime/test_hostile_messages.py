"""Whatever a broker hands out is handled or becomes a dead letter, and stops nothing else: not the partition, not the relay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest
from tests.integration.runtime.support import (
    DEAD,
    ORDERS,
    PLACED,
    POLICY,
    Context,
    Placed,
    count,
    create_app,
    eventually,
    note,
    noted,
    prepared,
    received,
)

from eda_runtime import MessageContract
from eda_runtime.consumer import dead_letters
from eda_runtime.consumer.poller import Poller
from eda_runtime.envelope import KAFKA, decode
from eda_runtime.relay import Relay
from eda_runtime.transports import Delivery

NOW = datetime(2026, 1, 2, tzinfo=UTC)
FINE = Placed(key="k", number=1).model_dump_json().encode()
EVENT = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/s", "ce_type": PLACED.type}
LONG = "x" * 12_000


@dataclass(slots=True)
class Handed:
    """A receiver that records what became of its messages."""

    acknowledged: list[Delivery] = field(default_factory=list)
    released: list[Delivery] = field(default_factory=list)

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        return ()

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        self.acknowledged += deliveries

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        self.released += deliveries

    async def close(self) -> None:
        """Nothing to do."""


def delivery(body: bytes = FINE, *, key: str | None = "k", position: str = "0", **attributes: str) -> Delivery:
    headers = EVENT | {f"ce_{name}": value for name, value in attributes.items()}
    decoded = decode(headers, body, KAFKA, NOW)
    return Delivery(ORDERS.address, 0, position, key, headers, body, decoded.envelope, decoded.problem, NOW, None)


def bare(**changes: object) -> Delivery:
    empty = Delivery(ORDERS.address, 0, "0", "k", {}, b"\0", None, "no CloudEvent", NOW, None)
    return replace(empty, **changes)  # type: ignore[arg-type]


HOSTILE = {
    "a NUL in the id": delivery(id="a\0b"),
    "a surrogate in the id": delivery(id="a\ud800b"),
    "a NUL in the source": delivery(source="/s\0"),
    "a NUL in what it is a copy of": delivery(copyof="\0"),
    "a NUL in the subject": delivery(b"no json", subject="\0"),
    "a surrogate in the content type": bare(headers={"content-type": "\ud800"}),
    "a NUL in the key": bare(key="a\0b"),
    "a surrogate in the key": bare(key="a\ud800b"),
    "a NUL in the address": bare(address="orders\0", position="\0"),
    "a surrogate in the address": bare(address="orders\ud800"),
    "a NUL in a header": bare(headers={"\0": "\0"}),
    "a long id": delivery(b"no json", id=LONG),
    "a long key": bare(key=LONG),
    "a long copy": delivery(b"no json", copyof=LONG),
    "large headers": bare(headers={f"x-{number}": LONG for number in range(100)}),
    "a time that is too early": delivery(b"no json", time="0001-01-01T00:00:00+01:00"),
    "a time that is too late": delivery(b"no json", time="9999-12-31T23:59:59-01:00"),
    "another type with a bad time": delivery(type="t.Other.v1", time="yesterday"),
    "a NUL in the payload": delivery(b"\0"),
}


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_message_becomes_a_dead_letter_and_stops_nothing(url: str, hostile: Delivery) -> None:
    async with prepared(create_app(url)) as app:
        receiver = Handed()
        poller = Poller(app.opened, app.subscriptions[0])
        good = delivery(Placed(key="good", number=7).model_dump_json().encode(), key="good", id="good")

        for batch in ([hostile, good], [hostile, good]):
            await poller.handle(receiver, batch)
        (letter,) = await dead_letters.find(app.opened.store, [POLICY.group], 10)
        relay = Relay(app.opened)
        await eventually(relay.drain, 0)
        (sent,) = await received(app, DEAD, number=1)

        assert (len(receiver.acknowledged), receiver.released) == (4, [])
        assert await noted(app) == [("good", 7)]
        assert (letter.body, sent.body) == (hostile.body, hostile.body)
        assert sent.envelope is not None
        assert sent.envelope.extensions["edareason"] == letter.reason
        assert await count(app, "eda_outbox") == 0


@pytest.mark.parametrize("text", ["\0", LONG], ids=["NUL", "long"])
async def test_a_valid_message_may_say_what_no_index_holds(url: str, text: str) -> None:
    contract: MessageContract[Placed] = replace(PLACED, dedupe="$message.payload#/filler")
    body = Placed(key="k", number=1, filler=text).model_dump_json().encode()
    async with prepared(create_app(url, contract=contract)) as app:
        receiver = Handed()
        poller = Poller(app.opened, app.subscriptions[0])

        await poller.handle(receiver, [delivery(body), delivery(body, id="2"), delivery(FINE, id="3")])

        assert await noted(app) == [("k", 1), ("k", 1)]
        assert len(receiver.acknowledged) == 3


async def test_a_failure_whose_text_no_database_keeps_is_kept_all_the_same(url: str) -> None:
    async def fail(event: Placed, ctx: Context) -> None:
        if event.key == "bad":
            raise ValueError("a\0b")
        await note(event, ctx)

    async with prepared(create_app(url, fail)) as app:
        receiver = Handed()
        bad = delivery(Placed(key="bad", number=1).model_dump_json().encode(), key="bad")

        await Poller(app.opened, app.subscriptions[0]).handle(receiver, [bad])

        assert len(receiver.acknowledged) == 1
        assert await count(app, "eda_parked", "reason = 'ValueError: a\\u0000b'") == 1
