"""What Shop does with what it receives. Yours: written once, never overwritten."""

from .app import create_app
from .consumers import Context
from .events.order_placed import OrderPlacedV1


class Handlers:
    """Takes the messages that the specs say Shop receives."""

    async def bill(self, event: OrderPlacedV1, ctx: Context) -> None:
        raise NotImplementedError("bill")


service = create_app(Handlers())
