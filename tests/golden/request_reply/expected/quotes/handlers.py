"""What Quotes does with what it receives. Yours: written once, never overwritten."""

from .app import create_app
from .consumers import Context
from .events.quote_requested import QuoteRequestedV1
from .events.rate_changed import RateChangedV1
from .events.stock_told import StockToldV1


class Handlers:
    """Takes the messages that the specs say Quotes receives."""

    async def quote(self, event: QuoteRequestedV1, ctx: Context) -> None:
        raise NotImplementedError("quote")

    async def on_rate(self, event: RateChangedV1, ctx: Context) -> None:
        raise NotImplementedError("onRate")

    async def ask_stock_reply(self, event: StockToldV1, ctx: Context) -> None:
        raise NotImplementedError("askStockReply")


service = create_app(Handlers())
