"""The shop under stress, in under a minute: `python -m examples.shop.demo`, or `make demo`.

Generates the four services, starts them on one SQLite file, places orders over HTTP, some of which cannot be fulfilled,
and sends some back. Meanwhile it delivers duplicates, lets a handler fail, slips in a poison message and kills workers,
the sagas' coordinator among them. Then the checker reads the database. `EDA_DATABASE_URL` and `EDA_BROKER_URL` may name
others than that file, with nothing of the shop in them yet.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.envelope import Envelope
from eda_runtime.stores import Store, open_store
from eda_runtime.transports import Outgoing, ReplayRange, Transport
from eda_runtime.transports.registry import open_transport

from .checker import Books, Endings, Verdict, check, endings, read
from .create_tables import create_tables
from .inventory import channels as inventory
from .orders import channels as orders
from .payments import channels as payments
from .shipping import channels as shipping

SHOP = Path(__file__).parent
REPOSITORY = SHOP.parents[1]
SERVICES = ("orders", "inventory", "payments", "shipping")
ORDERS, CUSTOMERS = 200, 20
DUPLICATES = 40
"""Messages of each channel that are delivered a second time."""
FLAKY_SKU = "ming vase"
"""What the inventory fails twice to reserve."""
PATIENCE = 40.0
"""Seconds to wait until all is done."""
TOPOLOGIES = (orders.TOPOLOGY, inventory.TOPOLOGY, payments.TOPOLOGY, shipping.TOPOLOGY)
POLICIES = {each.channel.address: each for topology in TOPOLOGIES for each in topology.receives}.values()
"""One that receives, for each address."""
ALL_WELL = Verdict(ORDERS, lost=0, applied_twice=0, out_of_order=0, dead_lettered=1)
AS_ORDERED = Endings(completed=167, compensated=16, refunded=17, neither=0)
WAITING = """
SELECT (SELECT count(*) FROM eda_outbox)
    + (SELECT count(*) FROM eda_parked WHERE dead_at IS NULL)
    + (SELECT count(*) FROM orders_orders WHERE status = 'placed')
    + (SELECT count(*) FROM orders_outcomes WHERE kind = 'refund requested')
    - (SELECT count(*) FROM orders_outcomes WHERE kind IN ('order refunded', 'refund refused'))
"""
"""Messages in the outbox or parked for another attempt, open orders and open refunds."""


@dataclass(frozen=True, slots=True)
class Shop:
    """One run: a folder for the workers' logs, and for the database if it is a file."""

    folder: Path

    @property
    def url(self) -> str:
        """The database that `EDA_DATABASE_URL` names, else a file."""
        return os.environ.get("EDA_DATABASE_URL") or f"sqlite:///{self.folder / 'shop.sqlite3'}"

    @property
    def broker(self) -> str:
        """The broker that `EDA_BROKER_URL` names, else the database."""
        return os.environ.get("EDA_BROKER_URL") or self.url

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "EDA_DATABASE_URL": self.url,
            "EDA_BROKER_URL": self.broker,
            "SHOP_FLAKY_SKU": FLAKY_SKU,
        }

    def run(self, *command: str) -> None:
        subprocess.run(command, cwd=SHOP, env=self.environment, check=True, stdout=subprocess.DEVNULL)

    @contextmanager
    def started(self, name: str, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command in the background, its output in a log; SIGTERM at the end, as an orchestrator would."""
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen(command, cwd=SHOP, env=self.environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=20)

    def worker(self, service: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
        return self.started(service, tool("eda"), "run", f"{service}.handlers:service")


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def say(text: str) -> None:
    print(text, flush=True)


def main() -> int:
    began = time.monotonic()
    subprocess.run([tool("eda-gen"), "generate"], cwd=REPOSITORY, check=True)
    say(f"generated {', '.join(SERVICES)} from specs/shop/")
    with tempfile.TemporaryDirectory(prefix="eda-shop-") as folder:
        shop = Shop(Path(folder))
        books = asyncio.run(play(shop))
    say(f"all of it in {time.monotonic() - began:.0f} s")
    say(str(endings(books)))
    say(str(check(books)))
    return 0 if check(books) == ALL_WELL and endings(books) == AS_ORDERED else 1


async def play(shop: Shop) -> Books:
    """Run the shop, wait until everything has come to its end, and read the books."""
    store = open_store(shop.url)
    try:
        await create_tables(store)
        for service in SERVICES:
            shop.run(tool("eda"), "provision", f"{service}.handlers:service")
        await listen_in(shop)
        say(f"created tables and topics for {len(SERVICES)} services")
        await trade(shop, store)
        return await read(store)
    finally:
        await store.close()


async def trade(shop: Shop, store: Store) -> None:
    """Place and send back orders while things go wrong."""
    port = free_port()
    api = (tool("uvicorn"), "orders.api:api", "--port", str(port), "--log-level", "warning")
    with ExitStack() as running:
        workers = {service: running.enter_context(shop.worker(service)) for service in SERVICES}
        running.enter_context(shop.started("api", *api))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            await until_up(client)
            first = await place(client, ORDERS // 2)
            await deliver_poison(shop)
            for service in ("orders", "inventory"):
                workers[service].kill()
                workers[service].wait()
            say(f"killed the workers of orders and inventory with SIGKILL after {ORDERS // 2} orders")
            for service in ("orders", "inventory"):
                running.enter_context(shop.worker(service))
            await place(client, ORDERS - ORDERS // 2)
            await send_back(client, first)
            await deliver_duplicates(shop)
            await until_settled(shop, store)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until_up(client: httpx.AsyncClient) -> None:
    deadline = time.monotonic() + 15
    while True:
        try:
            await client.get("/openapi.json")
        except httpx.ConnectError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.1)
        else:
            return


async def place(client: httpx.AsyncClient, count: int) -> list[str]:
    """Place orders over HTTP: customers side by side, each customer's own one after the other. Returns each one's first."""

    async def customer(index: int) -> list[str]:
        answers = [await client.post("/orders", json=order(index, turn)) for turn in range(count // CUSTOMERS)]
        return [str(answer.raise_for_status().json()["id"]) for answer in answers]

    orders = await asyncio.gather(*(customer(index) for index in range(CUSTOMERS)))
    say(f"placed {count} orders of {CUSTOMERS} customers over HTTP")
    return [each[0] for each in orders]


def order(customer: int, turn: int) -> dict[str, object]:
    """Some ask for what is out of stock, some are above the limit of their card, some go where no carrier goes."""
    sku = "unicorn" if customer % 7 == 0 and turn == 1 else FLAKY_SKU if customer == 8 and turn == 2 else "teapot"
    amount = "1500.00" if customer % 9 == 0 and turn == 0 else "24.90"
    country = "AQ" if customer % 11 == 5 and turn == 2 else "BE"
    return {
        "customer_id": f"customer-{customer:02d}",
        "lines": [{"sku": sku, "quantity": 1 + turn}],
        "total": {"amount": amount, "currency": "EUR"},
        "ship_to": {"name": "A. Buyer", "street": "Long Lane 1", "city": "Ghent", "country": country},
    }


async def send_back(client: httpx.AsyncClient, orders: list[str]) -> None:
    """Ask for refunds, once each order has come to its end; those that were never paid are refused."""
    async with asyncio.timeout(PATIENCE):
        for each in orders:
            while (answer := await client.post(f"/orders/{each}/refund")).status_code == 409:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            answer.raise_for_status()
    say(f"asked for refunds of {len(orders)} orders, some of which were never paid")


async def deliver_poison(shop: Shop) -> None:
    """Append a message that says it is an OrderPlaced and is not even JSON."""
    poison = Envelope(
        id=str(uuid4()),
        source="/orders",
        type="sales.OrderPlaced.v2",
        time=datetime.now(UTC),
        data=b"\xff\xfe not an order",
        partitionkey="poison",
    )
    transport = await open_transport(shop.broker)
    try:
        await transport.publish([Outgoing("sales.orders", poison)])
    finally:
        await transport.close()
    say("slipped in a poison message")


async def listen_in(shop: Shop) -> None:
    """On a broker that keeps nothing to read again, a group of our own hears what will be delivered a second time."""
    transport = await open_transport(shop.broker)
    try:
        if not transport.features.replay:
            await transport.provision(Topology((), tuple(map(overhearing, POLICIES))))
    finally:
        await transport.close()


def overhearing(policy: ReceivePolicy) -> ReceivePolicy:
    return replace(policy, group=f"demo.{policy.channel.name}")


async def deliver_duplicates(shop: Shop) -> None:
    """Append copies of messages that were sent before, to each address, as a producer's retry does."""
    everything = ReplayRange(start=datetime.fromtimestamp(0, UTC))
    transport = await open_transport(shop.broker)
    copies: list[Outgoing] = []
    try:
        for policy in POLICIES:
            again = (policy, everything) if transport.features.replay else (overhearing(policy),)
            receiver = await transport.receiver(*again)
            sent = await receiver.poll(DUPLICATES, timeout=2)
            copies += [Outgoing(each.address, each.envelope) for each in sent if each.envelope is not None]
            await receiver.close()
        await transport.publish(copies)
    finally:
        await transport.close()
    say(f"delivered {len(copies)} messages a second time")


async def until_settled(shop: Shop, store: Store) -> None:
    """Wait until nothing is on its way, or patience has run out: the checker then says what is missing."""
    transport = await open_transport(shop.broker)
    try:
        async with asyncio.timeout(PATIENCE):
            while (await store.fetch(WAITING))[0][0] or await lagging(transport):  # noqa: ASYNC110 (others' work)
                await asyncio.sleep(0.25)
    except TimeoutError:
        say(f"not at rest after {PATIENCE:.0f} s")
    finally:
        await transport.close()
    failed = (shop.folder / "inventory.log").read_text().count("failed and waits")
    say(f"the inventory's handler failed {failed} times on two orders, whose customer's later ones waited")


async def lagging(transport: Transport) -> bool:
    lags = [lag for topology in TOPOLOGIES for lag in await transport.lag(topology)]
    return any(lag.messages for lag in lags)


if __name__ == "__main__":
    raise SystemExit(main())
