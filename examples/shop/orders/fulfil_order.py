"""The one message of the saga FulfilOrder that only a person can make."""

from __future__ import annotations

from .events.order_rejected import OrderRejected, OrderRejectedV1Reason
from .sagas.fulfil_order import FulfilOrderState

REASONS = {
    "reserveStock": OrderRejectedV1Reason.OUT_OF_STOCK,
    "takePayment": OrderRejectedV1Reason.PAYMENT_DECLINED,
    "dispatchShipment": OrderRejectedV1Reason.NO_CARRIER,
}


class FulfilOrder:
    """Makes messages of what the saga knows. A message may be made more than once."""

    def order_rejected(self, state: FulfilOrderState) -> OrderRejected:
        refused = REASONS.get(state.failed_step or "") if state.failure == "failed" else None
        return OrderRejected(
            order_id=state.order_placed.order_id,
            customer_id=state.order_placed.customer_id,
            reason=refused or OrderRejectedV1Reason.TOO_LATE,
        )
