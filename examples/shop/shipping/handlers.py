"""What the shipping does with what it receives."""

from __future__ import annotations

from datetime import UTC, datetime

from .app import create_app
from .consumers import Context
from .events.dispatch_shipment import DispatchShipment
from .events.shipment_dispatched import ShipmentDispatched
from .events.shipment_refused import ShipmentRefused
from .tables import Shipment

NO_CARRIER = {"AQ"}


class Handlers:
    async def on_dispatch_shipment(self, event: DispatchShipment, ctx: Context) -> None:
        country = event.ship_to.country
        refused = country in NO_CARRIER
        ctx.session.add(Shipment(order_id=str(event.order_id), kind="no carrier" if refused else "dispatched"))
        if refused:
            ctx.publish.shipment_refused(
                ShipmentRefused(order_id=event.order_id, customer_id=event.customer_id, reason=f"not to {country}")
            )
        else:
            ctx.publish.shipment_dispatched(
                ShipmentDispatched(
                    order_id=event.order_id,
                    customer_id=event.customer_id,
                    tracking_code=f"SH{event.order_id.int % 10**9:09d}",
                    dispatched_at=datetime.now(UTC),
                )
            )


service = create_app(Handlers())
