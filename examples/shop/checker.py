"""Counts, from the shop's database alone, what was lost, done twice or done out of order, and how each order ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from eda_runtime.stores import Store

JOURNALS = ("inventory_movements", "payments_payments", "shipping_shipments", "orders_outcomes")
IN_ORDER = {"reserved", "out of stock", "taken", "declined", "dispatched", "no carrier"}
"""What happens to a customer's orders in the order in which they were placed."""
FOLLOWS: Mapping[str, Sequence[AbstractSet[str]]] = {
    "placed": ({"reserved", "out of stock"}, {"fulfilled", "rejected"}),
    "reserved": ({"taken", "declined"},),
    "taken": ({"dispatched", "no carrier"},),
    "declined": ({"released"},),
    "no carrier": ({"refunded"}, {"released"}),
    "refund requested": ({"order refunded", "refund refused"},),
    "order refunded": ({"refunded"}, {"returned"}),
}
"""What an effect leads to: one of each set."""


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


@dataclass(frozen=True, slots=True)
class Endings:
    """How orders ended. Compensated is what was refused at some step and has all before it undone."""

    completed: int
    compensated: int
    refunded: int
    neither: int

    def __str__(self) -> str:
        return (
            f"sagas: {self.completed} completed, {self.compensated} compensated, "
            f"{self.refunded} completed and refunded, {self.neither} neither"
        )


@dataclass(frozen=True, slots=True)
class Books:
    """What the database says: each order's customer and number, each journal's orders and effects, as written."""

    orders: Mapping[str, tuple[str, int]]
    journals: Sequence[Sequence[tuple[str, str]]]
    sagas: Mapping[str, str]
    dead_letters: int

    def effects(self) -> Mapping[str, Counter[str]]:
        found = {order: Counter(("placed",)) for order in self.orders}
        for journal in self.journals:
            for order, effect in journal:
                found[order][effect] += 1
        return found


async def read(store: Store) -> Books:
    orders = await store.fetch("SELECT id, customer_id, number FROM orders_orders")
    journals = [await store.fetch(f"SELECT order_id, kind FROM {journal} ORDER BY id") for journal in JOURNALS]
    sagas = await store.fetch("SELECT id, status FROM eda_saga WHERE saga = 'FulfilOrder'")
    dead = await store.fetch("SELECT count(*) FROM eda_parked WHERE dead_at IS NOT NULL")
    return Books(
        orders={order: (customer, number) for order, customer, number in orders},
        journals=[[(order, kind) for order, kind in journal] for journal in journals],
        sagas={row[0]: row[1] for row in sagas},
        dead_letters=dead[0][0],
    )


def check(books: Books) -> Verdict:
    """Compare what each order should have led to with what the services' journals say that it did."""
    effects = books.effects().values()
    return Verdict(
        orders=len(books.orders),
        lost=sum(lost(each.keys()) for each in effects),
        applied_twice=sum(times - 1 for each in effects for times in each.values()),
        out_of_order=sum(inversions(books, journal) for journal in books.journals),
        dead_lettered=books.dead_letters,
    )


def endings(books: Books) -> Endings:
    counts = Counter(ending(each.keys(), books.sagas.get(order)) for order, each in books.effects().items())
    return Endings(*(counts[each] for each in ("completed", "compensated", "refunded", "neither")))


def lost(effects: AbstractSet[str]) -> int:
    return sum(not wanted & effects for effect in effects for wanted in FOLLOWS.get(effect, ()))


def inversions(books: Books, journal: Sequence[tuple[str, str]]) -> int:
    """How often a customer's order was handled after a later one of theirs."""
    found = 0
    latest: dict[str, int] = {}
    for customer, number in (books.orders[order] for order, effect in journal if effect in IN_ORDER):
        found += number < latest.get(customer, 0)
        latest[customer] = max(number, latest.get(customer, 0))
    return found


def ending(effects: AbstractSet[str], saga: str | None) -> str:
    """How an order ended, if everything about it says the same."""
    forward = {"reserved", "taken", "dispatched", "fulfilled"}
    back = {"refunded", "returned", "order refunded"}
    if saga == "completed" and forward <= effects and not effects & {"rejected", "released"}:
        return "refunded" if back <= effects else "neither" if back & effects else "completed"
    undone = ("reserved" in effects) == ("released" in effects) and ("taken" in effects) == ("refunded" in effects)
    if saga == "failed" and "rejected" in effects and undone and not effects & {"dispatched", "fulfilled", "returned"}:
        return "compensated"
    return "neither"
