"""What Orders does with what it receives. Yours: written once, never overwritten."""

from collections.abc import Sequence

from .app import create_app
from .consumers import Context
from .events.order_placed import OrderPlacedV2


class Handlers:
    """Takes the messages that the specs say Orders receives."""

    async def on_order_placed(self, event: OrderPlacedV2, ctx: Context) -> None:
        raise NotImplementedError("onOrderPlaced")

    async def count_orders(self, events: Sequence[OrderPlacedV2], ctx: Context) -> None:
        raise NotImplementedError("countOrders")


service = create_app(Handlers())
