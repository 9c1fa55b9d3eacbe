"""What an orchestrated saga costs on PostgreSQL, beside the same saga written by hand.

    python benchmarks/sagas.py [INSTANCES]

All instances run at the same time: no step is answered before all have started. The generated travel saga keeps state,
timers and history and can be undone. The handwritten one is as little as would do if nothing ever failed: a row a trip,
ordinary handlers, no time-outs, no compensation, no history. Both use the runtime's inbox, outbox and lanes, on a broker
in memory that answers each command at once, so that the database is what is measured.
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
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import Table
from tests.services import postgresql

from eda_runtime import App, Context, Envelope, Outbox, Settings, Subscription
from eda_runtime.stores import Row, Store, Transaction, Value, open_store
from eda_runtime.transports import Outgoing
from eda_runtime.transports.memory import MemoryBroker, MemoryTransport

ROOT = Path(__file__).parents[1]
SPECS = [str(ROOT / "specs" / "travel" / f"{name}.yaml") for name in ("bookings", "flights", "hotels", "cards")]
POOL = 20
WARM_UP = 50
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


def main() -> None:
    instances = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder, postgresql.running_server() as server:
        generate = [str(Path(sys.executable).parent / "eda-gen"), "generate", *SPECS, "--out", folder]
        subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
        sys.path.insert(0, folder)
        print(f"{instances:,} instances at the same time, of four steps each, on PostgreSQL")
        for name, make in (("generated saga", generated_app), ("written by hand", handwritten_app)):
            asyncio.run(measure(server, make, WARM_UP))
            measured = asyncio.run(measure(server, make, instances))
            print(
                f"{name:<16} {instances / measured.seconds:>7,.0f} instances/s"
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


def generated_app(settings: Settings, trips: Counter[str]) -> App[Any]:
    app: App[Any] = import_module("bookings.app").create_app(object(), NOTHING_FAILS, settings)
    return app


def handwritten_app(settings: Settings, trips: Counter[str]) -> App[Any]:
    """The same subscriptions, with handlers that a person might write."""
    channels, sagas = import_module("bookings.channels"), import_module("bookings.sagas.book_trip")
    saga = sagas.book_trip(NOTHING_FAILS)
    handle = ByHand(saga, trips).handle
    return App(
        service="bookings",
        version="1",
        source="/bookings",
        publisher=lambda outbox: outbox,
        topology=channels.TOPOLOGY,
        subscriptions=[Subscription[Any, Outbox](each.policy, each.messages, handle) for each in saga.receives],
        settings=settings,
    )


class ByHand:
    """One handler for all replies, with one or two statements each."""

    def __init__(self, saga: Any, trips: Counter[str]) -> None:
        self._sends = {step.name: step.send for step in saga.steps}
        self._booked = saga.completes
        self._trips = trips

    async def handle(self, event: Any, ctx: Context[Outbox]) -> None:
        trip = str(event.trip_id)
        match type(event).__name__:
            case "TripRequestedV1":
                request = event.model_dump_json(by_alias=True)
                await self._fetch(ctx, "INSERT INTO trips (id, request) VALUES ($1, $2) RETURNING 1", trip, request)
                self._send(ctx, "reserveFlight", event)
                self._send(ctx, "reserveHotel", event)
            case "FlightReservedV1":
                await self._reserved(ctx, "flight", trip)
            case "HotelReservedV1":
                await self._reserved(ctx, "hotel", trip)
            case "PaymentTakenV1":
                sql = "UPDATE trips SET paid = true WHERE id = $1 RETURNING request"
                self._send(ctx, "issueTicket", await self._fetch(ctx, sql, trip))
            case "TicketIssuedV1":
                sql = "UPDATE trips SET ticket = $2 WHERE id = $1 RETURNING request"
                await self._fetch(ctx, sql, trip, event.ticket)
                booked = {"tripId": trip, "ticket": event.ticket}
                model = self._booked.contract.model.model_validate(booked)
                ctx.publish.add(self._booked.contract, model, self._booked.channel)

    async def _reserved(self, ctx: Context[Outbox], what: str, trip: str) -> None:
        sql = f"UPDATE trips SET {what} = true WHERE id = $1 RETURNING flight AND hotel, request"
        self._trips["handler"] += 1
        both, request = await ctx.connection.fetchrow(sql, trip)
        if both:
            self._send(ctx, "takePayment", request)

    async def _fetch(self, ctx: Context[Outbox], sql: str, *values: object) -> Any:
        self._trips["handler"] += 1
        return await ctx.connection.fetchval(sql, *values)

    def _send(self, ctx: Context[Outbox], step: str, request: Any) -> None:
        send = self._sends[step]
        if isinstance(request, str):
            command = send.contract.model.model_validate_json(request)
        else:
            command = send.contract.model.model_validate(request.model_dump(by_alias=True))
        ctx.publish.add(send.contract, command, send.channel)


def request() -> Outgoing:
    trip = str(uuid4())
    contract = import_module("bookings.events.trip_requested").TRIP_REQUESTED_V1
    payload = {"tripId": trip, "traveller": "Ada", "flight": "LH1", "hotel": "Ritz", "nights": 2, "total": PRICE}
    return outgoing(contract, payload, "travel.trips", trip)


def outgoing(contract: Any, payload: dict[str, object], address: str, key: str) -> Outgoing:
    import datetime

    body = contract.model.model_validate(payload).model_dump_json(by_alias=True).encode()
    now = datetime.datetime.now(datetime.UTC)
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
