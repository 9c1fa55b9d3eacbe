"""What the orders do with what they receive: an order comes to its end."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import update

from .app import create_app
from .consumers import Context
from .events.order_fulfilled import OrderFulfilled
from .events.order_rejected import OrderRejected, OrderRejectedV1Reason
from .events.payment_declined import PaymentDeclined
from .events.shipment_dispatched import ShipmentDispatched
from .events.stock_rejected import StockRejected
from .tables import Order, Outcome


class Handlers:
    async def on_stock_rejected(self, event: StockRejected, ctx: Context) -> None:
        await reject(event.order_id, event.customer_id, OrderRejectedV1Reason.OUT_OF_STOCK, ctx)

    async def on_payment_declined(self, event: PaymentDeclined, ctx: Context) -> None:
        await reject(event.order_id, event.customer_id, OrderRejectedV1Reason.PAYMENT_DECLINED, ctx)

    async def on_shipment_dispatched(self, event: ShipmentDispatched, ctx: Context) -> None:
        await end(event.order_id, "fulfilled", ctx)
        ctx.publish.order_fulfilled(
            OrderFulfilled(order_id=event.order_id, customer_id=event.customer_id, fulfilled_at=datetime.now(UTC))
        )


async def reject(order_id: UUID, customer_id: str, reason: OrderRejectedV1Reason, ctx: Context) -> None:
    await end(order_id, "rejected", ctx)
    ctx.publish.order_rejected(OrderRejected(order_id=order_id, customer_id=customer_id, reason=reason))


async def end(order_id: UUID, status: str, ctx: Context) -> None:
    await ctx.session.execute(update(Order).where(Order.id == str(order_id)).values(status=status))
    ctx.session.add(Outcome(order_id=str(order_id), status=status))


service = create_app(Handlers())
