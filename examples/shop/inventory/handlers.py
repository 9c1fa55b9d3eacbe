"""What the inventory does with what it receives."""

from __future__ import annotations

import os

from .app import create_app
from .consumers import Context
from .events.refund_paid import RefundPaid
from .events.release_stock import ReleaseStock
from .events.reserve_stock import ReserveStock
from .events.stock_rejected import StockRejected
from .events.stock_released import StockReleased
from .events.stock_reserved import StockReserved
from .events.stock_returned import StockReturned
from .tables import Movement

OUT_OF_STOCK = {"unicorn"}
FLAKY_SKU = os.environ.get("SHOP_FLAKY_SKU")
"""For the demo: reserving this article fails twice before it works."""


class WarehouseUnreachable(Exception):
    """The warehouse did not answer; trying again later helps."""


class Handlers:
    async def on_reserve_stock(self, event: ReserveStock, ctx: Context) -> None:
        skus = {line.sku for line in event.lines}
        if FLAKY_SKU in skus and ctx.attempt <= 2:
            raise WarehouseUnreachable(f"attempt {ctx.attempt} for order {event.order_id}")
        missing = sorted(skus & OUT_OF_STOCK)
        ctx.session.add(Movement(order_id=str(event.order_id), kind="out of stock" if missing else "reserved"))
        if missing:
            ctx.publish.stock_rejected(
                StockRejected(order_id=event.order_id, customer_id=event.customer_id, missing=missing)
            )
        else:
            ctx.publish.stock_reserved(StockReserved(order_id=event.order_id, customer_id=event.customer_id))

    async def on_release_stock(self, event: ReleaseStock, ctx: Context) -> None:
        ctx.session.add(Movement(order_id=str(event.order_id), kind="released"))
        ctx.publish.stock_released(StockReleased(order_id=event.order_id, customer_id=event.customer_id))

    async def on_refund_paid(self, event: RefundPaid, ctx: Context) -> None:
        ctx.session.add(Movement(order_id=str(event.order_id), kind="returned"))
        ctx.publish.stock_returned(StockReturned(order_id=event.order_id, customer_id=event.customer_id))


service = create_app(Handlers())
