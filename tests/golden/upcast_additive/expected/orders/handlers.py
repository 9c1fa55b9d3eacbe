"""What Orders does with what it receives. Yours: written once, never overwritten."""

from .app import create_app
from .consumers import Context
from .events.order_closed import OrderClosedV1, OrderClosedV2
from .events.order_placed import OrderPlacedV2


class Handlers:
    """Takes the messages that the specs say Orders receives."""

    async def on_order_placed(self, event: OrderPlacedV2, ctx: Context) -> None:
        raise NotImplementedError("onOrderPlaced")

    async def on_order_closed(
        self, event: OrderClosedV1 | OrderClosedV2, ctx: Context
    ) -> None:
        raise NotImplementedError("onOrderClosed")


service = create_app(Handlers())
