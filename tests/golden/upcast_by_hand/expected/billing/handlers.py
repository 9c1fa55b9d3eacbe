"""What Billing does with what it receives. Yours: written once, never overwritten."""

from .app import create_app
from .consumers import Context
from .events.order_placed import OrderPlacedV3
from .upcasters import Upcasters


class Handlers:
    """Takes the messages that the specs say Billing receives."""

    async def on_order_placed(self, event: OrderPlacedV3, ctx: Context) -> None:
        raise NotImplementedError("onOrderPlaced")


service = create_app(Handlers(), Upcasters())
