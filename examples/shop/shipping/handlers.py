"""What the shipping does with what it receives."""

from __future__ import annotations

from datetime import UTC, datetime

from .app import create_app
from .consumers import Context
from .events.payment_taken import PaymentTaken
from .events.shipment_dispatched import ShipmentDispatched
from .tables import Shipment


class Handlers:
    async def on_payment_taken(self, event: PaymentTaken, ctx: Context) -> None:
        tracking_code = f"SH{event.order_id.int % 10**9:09d}"
        ctx.session.add(
            Shipment(
                order_id=str(event.order_id),
                customer_id=event.customer_id,
                number=event.number,
                tracking_code=tracking_code,
            )
        )
        ctx.publish.shipment_dispatched(
            ShipmentDispatched(
                order_id=event.order_id,
                customer_id=event.customer_id,
                number=event.number,
                tracking_code=tracking_code,
                dispatched_at=datetime.now(UTC),
            )
        )


service = create_app(Handlers())
