"""The demo's checker is worth its last line: it counts each kind of fault when there is one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from examples.shop.checker import Verdict, check

TABLES = """
CREATE TABLE orders_orders (id TEXT PRIMARY KEY, customer_id TEXT, number INTEGER, status TEXT);
CREATE TABLE orders_outcomes (id INTEGER PRIMARY KEY, order_id TEXT, status TEXT);
CREATE TABLE inventory_reservations (id INTEGER PRIMARY KEY, order_id TEXT, customer_id TEXT, number INT, reserved INT);
CREATE TABLE payments_payments (id INTEGER PRIMARY KEY, order_id TEXT, customer_id TEXT, number INTEGER, taken INTEGER);
CREATE TABLE shipping_shipments (id INTEGER PRIMARY KEY, order_id TEXT, customer_id TEXT, number INTEGER, code TEXT);
CREATE TABLE eda_parked (position INTEGER PRIMARY KEY, dead_at INTEGER);
"""


@pytest.fixture
def shop() -> Iterator[sqlite3.Connection]:
    """One customer's two orders, both fulfilled."""
    database = sqlite3.connect(":memory:")
    database.executescript(TABLES)
    for number, order in enumerate(("first", "second"), start=1):
        database.execute("INSERT INTO orders_orders VALUES (?, 'ann', ?, 'fulfilled')", (order, number))
        database.execute("INSERT INTO orders_outcomes VALUES (?, ?, 'fulfilled')", (number, order))
        for table in ("inventory_reservations", "payments_payments", "shipping_shipments"):
            database.execute(f"INSERT INTO {table} VALUES (?, ?, 'ann', ?, 1)", (number, order, number))
    yield database
    database.close()


def test_nothing_is_wrong_where_every_effect_happened_once_and_in_order(shop: sqlite3.Connection) -> None:
    assert check(shop) == Verdict(orders=2, lost=0, applied_twice=0, out_of_order=0, dead_lettered=0)


@pytest.mark.parametrize(
    ("fault", "lost", "applied_twice", "out_of_order"),
    [
        ("DELETE FROM shipping_shipments WHERE order_id = 'first'", 1, 0, 0),
        ("DELETE FROM orders_outcomes", 2, 0, 0),
        ("INSERT INTO payments_payments VALUES (3, 'second', 'ann', 2, 1)", 0, 1, 0),
        ("UPDATE inventory_reservations SET id = 9 WHERE order_id = 'first'", 0, 0, 1),
    ],
)
def test_each_fault_is_counted(
    shop: sqlite3.Connection, fault: str, lost: int, applied_twice: int, out_of_order: int
) -> None:
    shop.execute(fault)

    assert check(shop) == Verdict(2, lost, applied_twice, out_of_order, dead_lettered=0)


def test_only_dead_letters_count_as_such_not_messages_that_wait_for_another_attempt(shop: sqlite3.Connection) -> None:
    shop.execute("INSERT INTO eda_parked VALUES (1, 1700000000000), (2, NULL)")

    assert check(shop).dead_lettered == 1
