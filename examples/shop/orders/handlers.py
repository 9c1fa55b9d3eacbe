"""What the orders do with what they receive: they note what became of an order."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import update

from .app import create_app
from .consumers import Context
from .events.order_fulfilled import OrderFulfilled
from .events.order_refunded import OrderRefunded
from .events.order_rejected import OrderRejected
from .events.refund_refused import RefundRefused
from .events.stock_returned import StockReturned
from .fulfil_order import FulfilOrder
from .tables import Order, Outcome


class Handlers:
    async def on_order_ended(self, event: OrderFulfilled | OrderRejected, ctx: Context) -> None:
        status = "fulfilled" if isinstance(event, OrderFulfilled) else "rejected"
        await note(event.order_id, status, ctx, outcome=status)

    async def on_stock_returned(self, event: StockReturned, ctx: Context) -> None:
        await note(event.order_id, "refunded", ctx, outcome="order refunded")
        ctx.publish.order_refunded(OrderRefunded(order_id=event.order_id, customer_id=event.customer_id))

    async def on_refund_refused(self, event: RefundRefused, ctx: Context) -> None:
        ctx.session.add(Outcome(order_id=str(event.order_id), kind="refund refused"))


async def note(order_id: UUID, status: str, ctx: Context, *, outcome: str) -> None:
    await ctx.session.execute(update(Order).where(Order.id == str(order_id)).values(status=status))
    ctx.session.add(Outcome(order_id=str(order_id), kind=outcome))


service = create_app(Handlers(), FulfilOrder())
