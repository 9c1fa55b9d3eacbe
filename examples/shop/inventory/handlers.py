"""What the inventory does with what it receives."""

from __future__ import annotations

import os

from .app import create_app
from .consumers import Context
from .events.order_placed import OrderPlaced
from .events.stock_rejected import StockRejected
from .events.stock_reserved import StockReserved
from .tables import Reservation

OUT_OF_STOCK = {"unicorn"}
FLAKY_CUSTOMER = os.environ.get("SHOP_FLAKY_CUSTOMER")
"""For the demo: this customer's third order fails twice before it works."""


class WarehouseUnreachable(Exception):
    """The warehouse did not answer; trying again later helps."""


class Handlers:
    async def on_order_placed(self, event: OrderPlaced, ctx: Context) -> None:
        if event.customer_id == FLAKY_CUSTOMER and event.number == 3 and ctx.attempt <= 2:
            raise WarehouseUnreachable(f"attempt {ctx.attempt} for order {event.order_id}")
        missing = [line.sku for line in event.lines if line.sku in OUT_OF_STOCK]
        ctx.session.add(
            Reservation(
                order_id=str(event.order_id),
                customer_id=event.customer_id,
                number=event.number,
                reserved=not missing,
            )
        )
        if missing:
            ctx.publish.stock_rejected(
                StockRejected(order_id=event.order_id, customer_id=event.customer_id, missing=missing)
            )
        else:
            ctx.publish.stock_reserved(
                StockReserved(
                    order_id=event.order_id, customer_id=event.customer_id, number=event.number, total=event.total
                )
            )


service = create_app(Handlers())
