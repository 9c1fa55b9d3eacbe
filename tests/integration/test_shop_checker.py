"""The demo's checker is worth its last lines: it counts each kind of fault when there is one."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from examples.shop.checker import JOURNALS, Endings, Verdict, check, endings, read
from examples.shop.create_tables import create_tables

from eda_runtime.stores import Store, open_store

STORIES = {
    "kept": ("reserved", "taken", "dispatched", "fulfilled"),
    "out of stock": ("out of stock", "rejected"),
    "declined": ("reserved", "declined", "released", "rejected"),
    "no carrier": ("reserved", "taken", "no carrier", "refunded", "released", "rejected"),
    "sent back": (
        *("reserved", "taken", "dispatched", "fulfilled"),
        *("refund requested", "refunded", "returned", "order refunded"),
    ),
    "never paid": ("reserved", "declined", "released", "rejected", "refund requested", "refund refused"),
}
"""One order of each kind, the customer's first to sixth, with its effects."""
JOURNAL_OF = {
    **dict.fromkeys(("reserved", "out of stock", "released", "returned"), "inventory_movements"),
    **dict.fromkeys(("taken", "declined", "refunded"), "payments_payments"),
    **dict.fromkeys(("dispatched", "no carrier"), "shipping_shipments"),
}
FINE = Endings(completed=1, compensated=4, refunded=1, neither=0)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which each story has come to its end."""
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    asyncio.run(fill(path))
    return path


@pytest.fixture
async def shop(database: Path, tmp_path: Path) -> AsyncIterator[Store]:
    """A copy of it, to be spoilt."""
    store = open_store(f"sqlite:///{shutil.copy(database, tmp_path)}")
    yield store
    await store.close()


async def fill(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    await create_tables(store)
    await store.migrate()
    for number, (order, effects) in enumerate(STORIES.items(), start=1):
        await run(store, f"INSERT INTO orders_orders VALUES ('{order}', 'ann', {number}, 'over')")
        status = "completed" if "fulfilled" in effects else "failed"
        await run(store, f"INSERT INTO eda_saga VALUES ('FulfilOrder', '{order}', 1, '{status}', '', '', 0, '', 0, 0)")
        for effect in effects:
            journal = JOURNAL_OF.get(effect, "orders_outcomes")
            await run(store, f"INSERT INTO {journal} (order_id, kind) VALUES ('{order}', '{effect}')")
    await store.close()


async def run(store: Store, sql: str) -> None:
    async with store.transaction() as transaction:
        await transaction.fetch(sql)


async def test_nothing_is_wrong_where_every_effect_happened_once_and_in_order(shop: Store) -> None:
    books = await read(shop)

    assert check(books) == Verdict(orders=6, lost=0, applied_twice=0, out_of_order=0, dead_lettered=0)
    assert endings(books) == FINE


@pytest.mark.parametrize(
    ("order", "effect"),
    [
        *(("kept", effect) for effect in STORIES["kept"]),
        *(("out of stock", effect) for effect in STORIES["out of stock"]),
        *(("declined", effect) for effect in ("declined", "released", "rejected")),
        *(("no carrier", effect) for effect in STORIES["no carrier"][2:]),
        *(("sent back", effect) for effect in ("refunded", "returned", "order refunded")),
        ("never paid", "refund refused"),
    ],
)
async def test_an_effect_that_is_missing_is_lost(shop: Store, order: str, effect: str) -> None:
    await run(
        shop,
        f"DELETE FROM {JOURNAL_OF.get(effect, 'orders_outcomes')} WHERE order_id = '{order}' AND kind = '{effect}'",
    )

    assert check(await read(shop)) == Verdict(6, 1, applied_twice=0, out_of_order=0, dead_lettered=0)


@pytest.mark.parametrize("journal", JOURNALS)
async def test_an_effect_that_happened_again_was_applied_twice(shop: Store, journal: str) -> None:
    await run(
        shop, f"INSERT INTO {journal} (order_id, kind) SELECT order_id, kind FROM {journal} ORDER BY id DESC LIMIT 1"
    )

    assert check(await read(shop)) == Verdict(6, 0, applied_twice=1, out_of_order=0, dead_lettered=0)


@pytest.mark.parametrize(("journal", "kind"), [("inventory_movements", "reserved"), ("payments_payments", "taken")])
async def test_an_earlier_order_that_was_handled_after_a_later_one_is_out_of_order(
    shop: Store, journal: str, kind: str
) -> None:
    await run(shop, f"UPDATE {journal} SET id = 99 WHERE order_id = 'kept' AND kind = '{kind}'")

    assert check(await read(shop)) == Verdict(6, 0, 0, out_of_order=1, dead_lettered=0)


@pytest.mark.parametrize(
    ("fault", "was"),
    [
        ("UPDATE eda_saga SET status = 'compensating' WHERE id = 'declined'", "compensated"),
        ("UPDATE eda_saga SET status = 'failed' WHERE id = 'kept'", "completed"),
        ("DELETE FROM inventory_movements WHERE order_id = 'no carrier' AND kind = 'released'", "compensated"),
        ("DELETE FROM payments_payments WHERE order_id = 'no carrier' AND kind = 'refunded'", "compensated"),
        ("INSERT INTO shipping_shipments (order_id, kind) VALUES ('declined', 'dispatched')", "compensated"),
        ("INSERT INTO inventory_movements (order_id, kind) VALUES ('kept', 'released')", "completed"),
        ("INSERT INTO payments_payments (order_id, kind) VALUES ('kept', 'refunded')", "completed"),
        ("DELETE FROM inventory_movements WHERE order_id = 'sent back' AND kind = 'returned'", "refunded"),
    ],
)
async def test_an_order_that_is_neither_whole_nor_undone_is_told(shop: Store, fault: str, was: str) -> None:
    await run(shop, fault)

    counts = {"completed": FINE.completed, "compensated": FINE.compensated, "refunded": FINE.refunded}
    assert endings(await read(shop)) == Endings(**counts | {was: counts[was] - 1}, neither=1)


async def test_only_dead_letters_count_as_such_not_messages_that_wait_for_another_attempt(shop: Store) -> None:
    parked = (
        "INSERT INTO eda_parked (consumer, address, partition, origin, appended_at, headers, body, attempts, dead_at)"
    )
    await run(
        shop, f"{parked} VALUES ('c', 'a', 0, '', 0, '', '', 5, 1700000000000), ('c', 'a', 0, '', 0, '', '', 1, NULL)"
    )

    assert check(await read(shop)).dead_lettered == 1
