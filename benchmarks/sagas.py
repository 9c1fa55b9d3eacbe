"""What an orchestrated saga costs on PostgreSQL, beside the same saga written by hand.

    python benchmarks/sagas.py [INSTANCES]

All instances run at the same time: no step is answered before all have started. All three use the runtime's inbox, outbox and
lanes, so each takes a message once, sends what it says if and only if it commits, and keeps a trip's order; on a broker in
memory that answers each command at once, so that the database is what is measured.

Only the generated saga has time-outs, retries, compensation, a pivot, recognition of late and unexpected replies, versions of
rows, and a history. Those written by hand are as little as would do if nothing ever failed: a row a trip with a flag a step.
One handles message by message, as most people write it; the other takes a lane's messages together with one statement for
all, as the generated saga does: what lies between those two is what the saga's features cost.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import Table
from tests.services import postgresql

from eda_runtime import App, BatchSubscription, Context, Envelope, Outbox, Settings, Subscription
from eda_runtime.contracts import AnySubscription, RetryPolicy
from eda_runtime.saga.definition import AnySaga
from eda_runtime.stores import Row, Store, Transaction, Value, open_store
from eda_runtime.transports import Outgoing
from eda_runtime.transports.memory import MemoryBroker, MemoryTransport

ROOT = Path(__file__).parents[1]
SPECS = [str(ROOT / "specs" / "travel" / f"{name}.yaml") for name in ("bookings", "flights", "hotels", "cards")]
POOL = 20
WARM_UP = 50
PATIENT = RetryPolicy(initial=timedelta(minutes=30), max=timedelta(minutes=30))
NOTHING_FAILS = SimpleNamespace(trip_rejected=None)
PRICE = {"amount": "120.00", "currency": "EUR"}
ANSWERS: Mapping[str, tuple[str, dict[str, object]]] = {
    "ReserveFlight": ("flight_reserved", {"seat": "1A"}),
    "ReserveHotel": ("hotel_reserved", {"room": "101"}),
    "TakePayment": ("payment_taken", {"paid": PRICE}),
    "IssueTicket": ("ticket_issued", {"ticket": "T-1"}),
}
TRIPS = """
CREATE TABLE trips (id TEXT PRIMARY KEY, request TEXT NOT NULL, flight BOOLEAN NOT NULL DEFAULT false,
    hotel BOOLEAN NOT NULL DEFAULT false, paid BOOLEAN NOT NULL DEFAULT false, ticket TEXT)
"""

INSERT = "INSERT INTO trips (id, request) SELECT * FROM unnest($1::text[], $2::text[])"
LOCKED = "WITH ours AS (SELECT id FROM trips WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE) UPDATE trips SET"
"""Locked in the order of their ids, so that two lanes wait for one another and never in a ring."""
RESERVED = f"{LOCKED} {{what}} = true FROM ours WHERE trips.id = ours.id RETURNING flight AND hotel, request"
PAID = f"{LOCKED} paid = true FROM ours WHERE trips.id = ours.id RETURNING request"
TICKETED = """
UPDATE trips SET ticket = told.ticket FROM unnest($1::text[], $2::text[]) AS told (id, ticket) WHERE trips.id = told.id
"""


def main() -> None:
    instances = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder, postgresql.running_server() as server:
        generate = [str(Path(sys.executable).parent / "eda-gen"), "generate", *SPECS, "--out", folder]
        subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
        sys.path.insert(0, folder)
        print(f"{instances:,} instances at the same time, of four steps each, on PostgreSQL")
        for name, make in (
            ("generated saga", generated_app),
            ("by hand, in batches", partial(handwritten_app, in_batches=True)),
            ("by hand, one by one", partial(handwritten_app, in_batches=False)),
        ):
            asyncio.run(measure(server, make, WARM_UP))
            measured = asyncio.run(measure(server, make, instances))
            print(
                f"{name:<20} {instances / measured.seconds:>7,.0f} instances/s"
                f"  {measured.round_trips / instances:>6.1f} round trips an instance"
                f"  {measured.seconds:>6.1f} s"
            )


@dataclass(frozen=True, slots=True)
class Measured:
    seconds: float
    round_trips: int


async def measure(server: str, make: Callable[[Settings, Counter[str]], App[Any]], instances: int) -> Measured:
    trips: Counter[str] = Counter()
    async with postgresql.fresh_database(server) as url:
        settings = Settings(url, pool_size=POOL)
        store: Any = CountingStore(open_store(url, pool_size=POOL), trips)
        transport = AnsweringTransport(instances)
        app = make(settings, trips).bound_to(store=store, transport=transport)
        async with app:
            await store.migrate()
            await app.opened.transport.provision(app.topology)
            async with store.transaction() as transaction:
                await transaction.fetch(TRIPS)
            await transport.publish([request() for _ in range(instances)])
            trips.clear()
            began = time.perf_counter()
            running = asyncio.create_task(app.run())
            await transport.booked.wait()
            seconds = time.perf_counter() - began
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        await store.close()
    return Measured(seconds, trips.total())


def generated_app(settings: Settings, _: Counter[str]) -> App[Any]:
    """The generated saga, with longer delays: a machine that is slow must not make it send again what is held back here."""
    saga = import_module("bookings.sagas.book_trip").book_trip(NOTHING_FAILS)
    blocks = tuple(tuple(replace(step, retry=PATIENT) for step in block) for block in saga.blocks)
    return bookings(settings, sagas=[replace(saga, blocks=blocks)])


def handwritten_app(settings: Settings, trips: Counter[str], *, in_batches: bool) -> App[Any]:
    """The same subscriptions, with handlers that a person might write."""
    saga = import_module("bookings.sagas.book_trip").book_trip(NOTHING_FAILS)
    by_hand = ByHand(saga, trips)
    subscriptions: list[AnySubscription] = [
        (
            BatchSubscription[Any, Outbox](each.policy, each.messages, by_hand.handle_batch)
            if in_batches
            else Subscription[Any, Outbox](each.policy, each.messages, by_hand.handle)
        )
        for each in saga.receives
    ]
    return bookings(settings, subscriptions=subscriptions)


def bookings(
    settings: Settings, *, subscriptions: Sequence[AnySubscription] = (), sagas: Sequence[AnySaga] = ()
) -> App[Any]:
    return App(
        service="bookings",
        version="1",
        source="/bookings",
        publisher=lambda outbox: outbox,
        topology=import_module("bookings.channels").TOPOLOGY,
        subscriptions=subscriptions,
        sagas=sagas,
        settings=settings,
    )


class ByHand:
    """Replies by what they are: a statement, and what is sent then."""

    def __init__(self, saga: Any, trips: Counter[str]) -> None:
        self._sends = {step.name: step.send for step in saga.steps}
        self._booked = saga.completes
        self._trips = trips

    async def handle(self, event: Any, ctx: Context[Outbox]) -> None:
        await self.handle_batch([event], ctx)

    async def handle_batch(self, events: Sequence[Any], ctx: Context[Outbox]) -> None:
        kinds: dict[str, list[Any]] = {}
        for event in events:
            kinds.setdefault(type(event).__name__, []).append(event)
        for kind, each in kinds.items():
            await self._take(kind, each, ctx)

    async def _take(self, kind: str, events: Sequence[Any], ctx: Context[Outbox]) -> None:
        ids = [str(event.trip_id) for event in events]
        match kind:
            case "TripRequestedV1":
                requests = [event.model_dump_json(by_alias=True) for event in events]
                await self._fetch(ctx, INSERT, ids, requests)
                for request in requests:
                    self._send(ctx, "reserveFlight", request)
                    self._send(ctx, "reserveHotel", request)
            case "FlightReservedV1" | "HotelReservedV1":
                what = "flight" if kind == "FlightReservedV1" else "hotel"
                rows = await self._fetch(ctx, RESERVED.format(what=what), ids)
                for request in (request for both, request in rows if both):
                    self._send(ctx, "takePayment", request)
            case "PaymentTakenV1":
                for (request,) in await self._fetch(ctx, PAID, ids):
                    self._send(ctx, "issueTicket", request)
            case "TicketIssuedV1":
                await self._fetch(ctx, TICKETED, ids, [event.ticket for event in events])
                for event in events:
                    booked = {"tripId": event.trip_id, "ticket": event.ticket}
                    model = self._booked.contract.model.model_validate(booked)
                    ctx.publish.add(self._booked.contract, model, self._booked.channel)

    async def _fetch(self, ctx: Context[Outbox], sql: str, *values: object) -> Any:
        self._trips["handler"] += 1
        return await ctx.connection.fetch(sql, *values)

    def _send(self, ctx: Context[Outbox], step: str, request: str) -> None:
        send = self._sends[step]
        ctx.publish.add(send.contract, send.contract.model.model_validate_json(request), send.channel)


def request() -> Outgoing:
    trip = str(uuid4())
    contract = import_module("bookings.events.trip_requested").TRIP_REQUESTED_V1
    payload = {"tripId": trip, "traveller": "Ada", "flight": "LH1", "hotel": "Ritz", "nights": 2, "total": PRICE}
    return outgoing(contract, payload, "travel.trips", trip)


def outgoing(contract: Any, payload: dict[str, object], address: str, key: str) -> Outgoing:
    body = contract.model.model_validate(payload).model_dump_json(by_alias=True).encode()
    now = datetime.now(UTC)
    return Outgoing(address, Envelope(str(uuid4()), "/benchmark", contract.type, now, body, partitionkey=key))


class AnsweringTransport(MemoryTransport):
    """Answers commands as soon as all instances have started; `booked` is set when all have come to their end."""

    def __init__(self, instances: int) -> None:
        super().__init__(MemoryBroker())
        self.booked = asyncio.Event()
        self._instances = instances
        self._held: list[Outgoing] | None = []
        self._ended = 0

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        await super().publish(messages)
        answers = [self._answer(each) for each in messages if each.envelope.type.split(".")[1] in ANSWERS]
        if self._held is not None:
            self._held += answers
            if len(self._held) < 2 * self._instances:
                return
            answers, self._held = self._held, None
        if answers:
            await super().publish(answers)
        self._ended += sum(each.envelope.type == "travel.TripBooked.v1" for each in messages)
        if self._ended >= self._instances:
            self.booked.set()

    def _answer(self, command: Outgoing) -> Outgoing:
        module, fields = ANSWERS[command.envelope.type.split(".")[1]]
        contract = getattr(import_module(f"bookings.events.{module}"), f"{module.upper()}_V1")
        key = command.envelope.partitionkey or ""
        address = command.address.replace(".commands", ".events")
        answer = outgoing(contract, {"tripId": key, **fields}, address, key)
        thread = replace(answer.envelope, correlationid=command.envelope.correlationid, causationid=command.envelope.id)
        return Outgoing(address, thread)


class CountingTransaction:
    def __init__(self, inner: Transaction, trips: Counter[str]) -> None:
        self.inner = inner
        self._trips = trips

    @property
    def connection(self) -> Any:
        return self.inner.connection

    @property
    def session(self) -> Any:
        return self.inner.session

    async def fetch(self, sql: str, *values: Value) -> Sequence[Row]:
        self._trips["fetch"] += 1
        return await self.inner.fetch(sql, *values)

    async def insert(self, table: Table, columns: Sequence[str], rows: Sequence[Sequence[Value]]) -> None:
        self._trips["insert"] += 1
        await self.inner.insert(table, columns, rows)

    async def flush(self) -> None:
        await self.inner.flush()


class CountingStore:
    """A store that counts round trips: each statement, and the begin and the commit of each transaction."""

    def __init__(self, inner: Store, trips: Counter[str]) -> None:
        self._inner = inner
        self._trips = trips

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        self._trips["begin and commit"] += 2
        async with self._inner.transaction() as transaction:
            yield CountingTransaction(transaction, self._trips)

    async def fetch(self, sql: str, *values: Value) -> Sequence[Row]:
        self._trips["fetch"] += 1
        return await self._inner.fetch(sql, *values)


if __name__ == "__main__":
    main()
