"""Counts, from the shop's database alone, what was lost, done twice or done out of order."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost` and `applied_twice` count effects (a reservation, a payment, a parcel, an outcome), not only orders."""

    orders: int
    lost: int
    applied_twice: int
    out_of_order: int
    dead_lettered: int

    def __str__(self) -> str:
        return (
            f"{self.orders} orders, {self.lost} lost, {self.applied_twice} applied twice, "
            f"{self.out_of_order} out of order per key, {self.dead_lettered} dead-lettered"
        )


JOURNALS = ("inventory_reservations", "payments_payments", "shipping_shipments")


def check(database: sqlite3.Connection) -> Verdict:
    """Compare what each order should have led to with what the services' journals say that it did."""
    placed = orders_in(database, "SELECT id FROM orders_orders")
    reserved = orders_in(database, "SELECT order_id FROM inventory_reservations WHERE reserved")
    paid = orders_in(database, "SELECT order_id FROM payments_payments WHERE taken")
    expected = {
        "inventory_reservations": placed,
        "payments_payments": reserved,
        "shipping_shipments": paid,
        "orders_outcomes": placed,
    }
    applied = {table: Counter(column(database, f"SELECT order_id FROM {table}")) for table in expected}
    return Verdict(
        orders=len(placed),
        lost=sum(len(expected[table] - applied[table].keys()) for table in expected),
        applied_twice=sum(count - 1 for counts in applied.values() for count in counts.values()),
        out_of_order=sum(inversions(database, table) for table in JOURNALS),
        dead_lettered=int(database.execute("SELECT count(*) FROM eda_parked WHERE dead_at IS NOT NULL").fetchone()[0]),
    )


def orders_in(database: sqlite3.Connection, query: str) -> set[str]:
    return set(column(database, query))


def column(database: sqlite3.Connection, query: str) -> Iterable[str]:
    return (row[0] for row in database.execute(query))


def inversions(database: sqlite3.Connection, table: str) -> int:
    """How often a customer's order was handled after a later one of theirs."""
    found = 0
    latest: dict[str, int] = {}
    for customer, number in database.execute(f"SELECT customer_id, number FROM {table} ORDER BY id"):
        found += number < latest.get(customer, 0)
        latest[customer] = max(number, latest.get(customer, 0))
    return found
