"""Newer versions of messages as older ones, for readers that are not there yet. Yours: written once, never overwritten."""

from .events.order_cancelled import OrderCancelledV1, OrderCancelledV2


class Downcasters:
    """Makes older versions of what is published."""

    def downcast_order_cancelled_v2_to_v1(
        self, event: OrderCancelledV2
    ) -> OrderCancelledV1:
        raise NotImplementedError("downcast_order_cancelled_v2_to_v1")
