"""The harness, on a small service written by hand: it sets stock aside for orders."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

import eda_runtime
from eda_runtime import (
    App,
    ChannelContract,
    DeadLetterPolicy,
    Event,
    MessageContract,
    Outbox,
    PermanentError,
    ReceivePolicy,
    RetryPolicy,
    Settings,
    Subscription,
    Topology,
)
from eda_runtime.testing import Faults, Harness

tables = sa.MetaData()
journal = sa.Table(
    "journal",
    tables,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("sku", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
)
ORDERS = ChannelContract(name="orders", address="sales.orders", partitions=4)
STOCK = ChannelContract(name="stock", address="inventory.stock", partitions=4)
POLICY = ReceivePolicy(
    operation="onOrderPlaced",
    group="inventory.onOrderPlaced",
    channel=ORDERS,
    dead_letter=DeadLetterPolicy("sales.orders.inventory.dlq"),
    retry=RetryPolicy(attempts=3, initial=timedelta(seconds=10), backoff="fixed", jitter=0),
    batch=8,
    concurrency=4,
)
HEADERS = {"ce_specversion": "1.0", "ce_id": "p", "ce_source": "/", "ce_type": "sales.OrderPlaced.v1"}
SKUS = ("teapot", "kettle", "mug", "spoon", "plate")


class OrderPlaced(Event):
    sku: str
    number: int


class StockReserved(Event):
    sku: str
    number: int


ORDER_PLACED = MessageContract("OrderPlaced", 1, "sales.OrderPlaced.v1", OrderPlaced, key="$message.payload#/sku")
STOCK_RESERVED = MessageContract(
    "StockReserved", 1, "inventory.StockReserved.v1", StockReserved, key="$message.payload#/sku"
)


class Publisher:
    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def stock_reserved(self, event: StockReserved) -> None:
        self._outbox.add(STOCK_RESERVED, event, STOCK)


Context = eda_runtime.Context[Publisher]
Handler = Callable[[OrderPlaced, Context], Awaitable[None]]


async def reserve(event: OrderPlaced, ctx: Context) -> None:
    """The right handler: what it does is in the transaction."""
    await ctx.session.execute(sa.insert(journal).values(sku=event.sku, number=event.number))
    ctx.publish.stock_reserved(StockReserved(sku=event.sku, number=event.number))


def service(handler: Handler = reserve) -> App[Publisher]:
    return App(
        service="inventory",
        version="1",
        source="/inventory",
        publisher=Publisher,
        topology=Topology((STOCK,), (POLICY,)),
        subscriptions=(Subscription[OrderPlaced, Publisher](POLICY, (ORDER_PLACED,), handler),),
        settings=Settings(),
    )


async def reserved(harness: Harness[Publisher]) -> list[tuple[str, int]]:
    async with harness.app.unit_of_work() as work:
        rows = await work.session.execute(sa.select(journal.c.sku, journal.c.number).order_by(journal.c.id))
        return [(row.sku, row.number) for row in rows]


def by_sku(facts: list[tuple[str, int]]) -> dict[str, list[int]]:
    return {sku: [number for each, number in facts if each == sku] for sku, _ in facts}


def failing(times: int) -> Handler:
    """A handler that fails so many times, then works."""
    left = [times]

    async def handle(event: OrderPlaced, ctx: Context) -> None:
        await reserve(event, ctx)
        if left[0]:
            left[0] -= 1
            raise RuntimeError("the warehouse is closed")

    return handle


async def test_a_message_has_its_effect_and_its_answer() -> None:
    async with Harness(service(), tables=tables) as harness:
        await harness.publish(ORDER_PLACED, OrderPlaced(sku="teapot", number=1))
        assert await reserved(harness) == []

        await harness.settle()

        assert await reserved(harness) == [("teapot", 1)]
        assert harness.published_as(STOCK_RESERVED) == [StockReserved(sku="teapot", number=1)]
        assert [each.address for each in harness.published] == [STOCK.address]


async def test_a_message_that_comes_twice_has_one_effect() -> None:
    async with Harness(service(), tables=tables) as harness:
        first = await harness.publish(ORDER_PLACED, OrderPlaced(sku="teapot", number=1))
        await harness.settle()
        await harness.send(first)
        await harness.settle()

        assert await reserved(harness) == [("teapot", 1)]


async def test_a_retry_waits_for_its_time() -> None:
    async with Harness(service(failing(times=1)), tables=tables) as harness:
        await harness.publish(ORDER_PLACED, OrderPlaced(sku="teapot", number=1))
        await harness.settle()
        await harness.advance(timedelta(seconds=9))
        assert await reserved(harness) == []

        await harness.advance(timedelta(seconds=1))

        assert await reserved(harness) == [("teapot", 1)]


async def test_later_messages_of_a_key_wait_behind_one_that_failed() -> None:
    async with Harness(service(failing(times=2)), tables=tables) as harness:
        for number in range(3):
            await harness.publish(ORDER_PLACED, OrderPlaced(sku="teapot", number=number))

        await harness.finish()

        assert await reserved(harness) == [("teapot", 0), ("teapot", 1), ("teapot", 2)]


async def test_what_no_retry_helps_is_a_dead_letter_with_its_reason() -> None:
    async with Harness(service(failing(times=100)), tables=tables) as harness:
        await harness.publish(ORDER_PLACED, OrderPlaced(sku="teapot", number=1))

        await harness.finish()

        (letter,) = await harness.dead_letters()
        assert letter.attempts == 3
        assert "the warehouse is closed" in letter.reason
        assert [each.address for each in harness.published] == [POLICY.dead_letter.address]


async def test_a_permanent_error_is_a_dead_letter_at_once() -> None:
    async def refuse(event: OrderPlaced, ctx: Context) -> None:
        raise PermanentError("no such thing")

    async with Harness(service(refuse), tables=tables) as harness:
        await harness.publish(ORDER_PLACED, OrderPlaced(sku="unicorn", number=1))
        await harness.settle()

        assert [letter.attempts for letter in await harness.dead_letters()] == [1]


async def test_bytes_that_are_no_event_are_a_dead_letter_as_they_are() -> None:
    async with Harness(service(), tables=tables) as harness:
        harness.send_bytes(ORDERS.address, b"\xff\xfe", key="teapot", headers=HEADERS)
        await harness.settle()

        assert [letter.body for letter in await harness.dead_letters()] == [b"\xff\xfe"]


async def test_a_message_that_the_service_does_not_receive_needs_a_channel() -> None:
    async with Harness(service(), tables=tables) as harness:
        with pytest.raises(ValueError, match=r"inventory receives no inventory\.StockReserved\.v1: name the channel"):
            await harness.publish(STOCK_RESERVED, StockReserved(sku="teapot", number=1))


@dataclass(frozen=True, slots=True)
class Outcome:
    reserved: list[tuple[str, int]]
    published: list[StockReserved]
    sent: int
    crashes: int
    dead_letters: int


async def run_through(handler: Handler, faults: Faults) -> Outcome:
    """Publish ten orders of each SKU, in portions, while things go wrong."""
    async with Harness(service(handler), tables=tables, faults=faults) as harness:
        for number in range(10):
            for sku in SKUS:
                await harness.publish(ORDER_PLACED, OrderPlaced(sku=sku, number=number))
            if number % 3 == 0:
                await harness.settle()
        await harness.finish()
        return Outcome(
            reserved=await reserved(harness),
            published=harness.published_as(STOCK_RESERVED),
            sent=len(harness.published),
            crashes=harness.crashes,
            dead_letters=len(await harness.dead_letters()),
        )


EVERYTHING = Faults(duplicate=0.3, lose_acknowledgement=0.3, crash=0.04, reorder=True)


@pytest.mark.parametrize("seed", range(12))
async def test_a_service_that_is_right_gives_the_same_result_whatever_goes_wrong(seed: int) -> None:
    outcome = await run_through(failing(times=2), replace(EVERYTHING, seed=seed))

    assert by_sku(outcome.reserved) == {sku: list(range(10)) for sku in SKUS}
    assert by_sku([(each.sku, each.number) for each in outcome.published]) == {sku: list(range(10)) for sku in SKUS}
    assert outcome.dead_letters == 0


async def test_a_service_that_keeps_effects_outside_the_transaction_is_found_out() -> None:
    letters: Counter[tuple[str, int]] = Counter()

    async def write_letter(event: OrderPlaced, ctx: Context) -> None:
        letters[event.sku, event.number] += 1
        await reserve(event, ctx)

    outcomes = [await run_through(write_letter, replace(EVERYTHING, seed=seed)) for seed in range(4)]

    assert max(letters.values()) > len(outcomes)
    assert all(by_sku(outcome.reserved) == {sku: list(range(10)) for sku in SKUS} for outcome in outcomes)


async def test_the_same_seed_does_the_same() -> None:
    runs = [await run_through(failing(times=1), replace(EVERYTHING, seed=7)) for _ in range(3)]

    assert runs[0].crashes > 0
    assert runs[1:] == runs[:1] * 2


async def test_another_seed_does_something_else() -> None:
    runs = [await run_through(reserve, replace(EVERYTHING, seed=seed)) for seed in range(3)]

    assert len({(run.crashes, run.sent, tuple(run.reserved)) for run in runs}) == 3


async def test_what_the_broker_delivers_twice_has_one_effect() -> None:
    calls: Counter[tuple[str, int]] = Counter()

    async def count(event: OrderPlaced, ctx: Context) -> None:
        calls[event.sku, event.number] += 1
        await reserve(event, ctx)

    async with Harness(service(count), tables=tables, faults=Faults(duplicate=1.0)) as harness:
        await harness.publish(ORDER_PLACED, OrderPlaced(sku="teapot", number=1))
        await harness.settle()

        assert sum(len(log) for log in harness.broker.channels[ORDERS.address].partitions) == 2
        assert await reserved(harness) == [("teapot", 1)]
        assert calls == {("teapot", 1): 1}


async def test_without_faults_nothing_goes_wrong() -> None:
    outcome = await run_through(reserve, Faults())

    assert (outcome.crashes, outcome.sent) == (0, 10 * len(SKUS))
