"""What the payments do with what they receive."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from .app import create_app
from .consumers import Context
from .events.payment_declined import PaymentDeclined
from .events.payment_taken import PaymentTaken
from .events.stock_reserved import StockReserved
from .tables import Payment

CREDIT_LIMIT = Decimal(1000)


class Handlers:
    async def on_stock_reserved(self, event: StockReserved, ctx: Context) -> None:
        taken = Decimal(event.total.amount) <= CREDIT_LIMIT
        ctx.session.add(
            Payment(order_id=str(event.order_id), customer_id=event.customer_id, number=event.number, taken=taken)
        )
        if taken:
            ctx.publish.payment_taken(
                PaymentTaken(
                    order_id=event.order_id,
                    customer_id=event.customer_id,
                    number=event.number,
                    paid=event.total,
                    taken_at=datetime.now(UTC),
                )
            )
        else:
            ctx.publish.payment_declined(
                PaymentDeclined(order_id=event.order_id, customer_id=event.customer_id, reason=f"above {CREDIT_LIMIT}")
            )


service = create_app(Handlers())
