"""What the payments do with what they receive."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select

from .app import create_app
from .consumers import Context
from .events.payment_declined import PaymentDeclined
from .events.payment_refunded import PaymentRefunded
from .events.payment_taken import PaymentTaken
from .events.refund_paid import RefundPaid
from .events.refund_payment import RefundPayment
from .events.refund_refused import RefundRefused
from .events.refund_requested import RefundRequested
from .events.take_payment import TakePayment
from .tables import Payment

CREDIT_LIMIT = Decimal(1000)


class Handlers:
    async def on_take_payment(self, event: TakePayment, ctx: Context) -> None:
        taken = Decimal(event.total.amount) <= CREDIT_LIMIT
        ctx.session.add(Payment(order_id=str(event.order_id), kind="taken" if taken else "declined"))
        if taken:
            ctx.publish.payment_taken(
                PaymentTaken(
                    order_id=event.order_id,
                    customer_id=event.customer_id,
                    paid=event.total,
                    taken_at=datetime.now(UTC),
                )
            )
        else:
            ctx.publish.payment_declined(
                PaymentDeclined(order_id=event.order_id, customer_id=event.customer_id, reason=f"above {CREDIT_LIMIT}")
            )

    async def on_refund_payment(self, event: RefundPayment, ctx: Context) -> None:
        ctx.session.add(Payment(order_id=str(event.order_id), kind="refunded"))
        ctx.publish.payment_refunded(PaymentRefunded(order_id=event.order_id, customer_id=event.customer_id))

    async def on_refund_requested(self, event: RefundRequested, ctx: Context) -> None:
        if await is_paid(event.order_id, ctx):
            ctx.session.add(Payment(order_id=str(event.order_id), kind="refunded"))
            ctx.publish.refund_paid(RefundPaid(order_id=event.order_id, customer_id=event.customer_id))
        else:
            ctx.publish.refund_refused(
                RefundRefused(order_id=event.order_id, customer_id=event.customer_id, reason="nothing to pay back")
            )


async def is_paid(order_id: UUID, ctx: Context) -> bool:
    """Whether an order's money was taken and not paid back."""
    kinds = (await ctx.session.scalars(select(Payment.kind).where(Payment.order_id == str(order_id)))).all()
    return "taken" in kinds and "refunded" not in kinds


service = create_app(Handlers())
