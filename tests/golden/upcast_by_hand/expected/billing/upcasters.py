"""Older versions of messages as newer ones, where the specs do not say how. Yours: written once, never overwritten."""

from .events.order_placed import OrderPlacedV1, OrderPlacedV2


class Upcasters:
    """Makes newer versions of older ones. No effects: a message may be read more than once."""

    def upcast_order_placed_v1_to_v2(self, event: OrderPlacedV1) -> OrderPlacedV2:
        raise NotImplementedError("upcast_order_placed_v1_to_v2")
