"""The shop under stress, in under a minute: `python -m examples.shop.demo`, or `make demo`.

Generates the four services, starts them on one SQLite file, places orders over HTTP, and meanwhile delivers duplicates,
lets a handler fail, slips in a poison message and kills a worker. Then the checker reads the database. `EDA_BROKER_URL`
may name another broker than that file.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
from eda_runtime.envelope import Envelope
from eda_runtime.transports import Outgoing, ReplayRange, Transport
from eda_runtime.transports.registry import open_transport

from . import create_tables
from .checker import Verdict, check
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
FLAKY_CUSTOMER = "customer-07"
"""Whose third order the inventory fails to handle twice."""
PATIENCE = 40.0
"""Seconds to wait until all is done."""


@dataclass(frozen=True, slots=True)
class Shop:
    """One run: a folder with the database and the workers' logs."""

    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "shop.sqlite3"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.database}"

    @property
    def broker(self) -> str:
        """The broker that `EDA_BROKER_URL` names, which must have none of the shop's topics yet; else the same file."""
        return os.environ.get("EDA_BROKER_URL") or self.url

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "EDA_DATABASE_URL": self.url,
            "EDA_BROKER_URL": self.broker,
            "SHOP_FLAKY_CUSTOMER": FLAKY_CUSTOMER,
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

    def at_rest(self) -> bool:
        """Whether no message waits in the outbox, none is parked for another attempt, and no order is open."""
        waiting = (
            "SELECT (SELECT count(*) FROM eda_outbox)"
            " + (SELECT count(*) FROM eda_parked WHERE dead_at IS NULL)"
            " + (SELECT count(*) FROM orders_orders WHERE status = 'placed')"
        )
        with sqlite3.connect(self.database) as database:
            return bool(database.execute(waiting).fetchone()[0] == 0)

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
        prepare(shop)
        asyncio.run(play(shop))
        with sqlite3.connect(shop.database) as database:
            verdict = check(database)
    say(f"all of it in {time.monotonic() - began:.0f} s")
    say(str(verdict))
    return 0 if verdict == Verdict(ORDERS, lost=0, applied_twice=0, out_of_order=0, dead_lettered=1) else 1


def prepare(shop: Shop) -> None:
    create_tables.main(shop.url)
    for service in SERVICES:
        shop.run(tool("eda"), "provision", f"{service}.handlers:service")
    say(f"created tables and topics for {len(SERVICES)} services")


async def play(shop: Shop) -> None:
    """Run the services, place the orders while things go wrong, and wait until each order has come to its end."""
    port = free_port()
    api = (tool("uvicorn"), "orders.api:api", "--port", str(port), "--log-level", "warning")
    with ExitStack() as running:
        workers = {service: running.enter_context(shop.worker(service)) for service in SERVICES}
        running.enter_context(shop.started("api", *api))
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            await until_up(client)
            await place(client, ORDERS // 2)
            await deliver_poison(shop)
            workers["inventory"].kill()
            workers["inventory"].wait()
            say(f"killed the inventory's worker with SIGKILL after {ORDERS // 2} orders")
            running.enter_context(shop.worker("inventory"))
            await place(client, ORDERS - ORDERS // 2)
            await deliver_duplicates(shop)
            await until_settled(shop)


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


async def place(client: httpx.AsyncClient, count: int) -> None:
    """Place orders over HTTP: customers side by side, each customer's own one after the other."""

    async def customer(index: int) -> None:
        for turn in range(count // CUSTOMERS):
            answer = await client.post("/orders", json=order(index, turn))
            answer.raise_for_status()

    await asyncio.gather(*(customer(index) for index in range(CUSTOMERS)))
    say(f"placed {count} orders of {CUSTOMERS} customers over HTTP")


def order(customer: int, turn: int) -> dict[str, object]:
    """Every seventh customer's second order asks for what is out of stock; every ninth's first is above the limit."""
    sku = "unicorn" if customer % 7 == 0 and turn == 1 else "teapot"
    amount = "1500.00" if customer % 9 == 0 and turn == 0 else "24.90"
    return {
        "customer_id": f"customer-{customer:02d}",
        "lines": [{"sku": sku, "quantity": 1 + turn}],
        "total": {"amount": amount, "currency": "EUR"},
        "ship_to": {"name": "A. Buyer", "street": "Long Lane 1", "city": "Ghent", "country": "BE"},
    }


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


async def deliver_duplicates(shop: Shop) -> None:
    """Append copies of messages that were sent before, to each address, as a producer's retry does."""
    everything = ReplayRange(start=datetime.fromtimestamp(0, UTC))
    transport = await open_transport(shop.broker)
    copies: list[Outgoing] = []
    try:
        for policy in (inventory.ON_ORDER_PLACED, payments.ON_STOCK_RESERVED, shipping.ON_PAYMENT_TAKEN):
            receiver = await transport.receiver(policy, everything)
            sent = await receiver.poll(DUPLICATES, timeout=1)
            copies += [Outgoing(each.address, each.envelope) for each in sent if each.envelope is not None]
            await receiver.close()
        await transport.publish(copies)
    finally:
        await transport.close()
    say(f"delivered {len(copies)} messages a second time")


async def until_settled(shop: Shop) -> None:
    """Wait until nothing is on its way, or patience has run out: the checker then says what is missing."""
    transport = await open_transport(shop.broker)
    try:
        async with asyncio.timeout(PATIENCE):
            while not shop.at_rest() or await lagging(transport):  # noqa: ASYNC110 (another process's database)
                await asyncio.sleep(0.25)
    except TimeoutError:
        say(f"not at rest after {PATIENCE:.0f} s")
    finally:
        await transport.close()
    failed = (shop.folder / "inventory.log").read_text().count("failed and waits")
    say(f"the inventory's handler failed {failed} times on one order, whose customer's later ones waited")


async def lagging(transport: Transport) -> bool:
    topologies = (orders.TOPOLOGY, inventory.TOPOLOGY, payments.TOPOLOGY, shipping.TOPOLOGY)
    lags = [lag for topology in topologies for lag in await transport.lag(topology)]
    return any(lag.messages for lag in lags)


if __name__ == "__main__":
    raise SystemExit(main())
