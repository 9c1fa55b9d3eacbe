"""What Counter does with what it receives. Yours: written once, never overwritten."""

from .app import create_app
from .consumers import Context
from .events.refund import RefundV1
from .settlement import Settlement
from .workflow_saga import Workflow


class Handlers:
    """Takes the messages that the specs say Counter receives."""

    async def on_refund(self, event: RefundV1, ctx: Context) -> None:
        raise NotImplementedError("onRefund")


service = create_app(Handlers(), Workflow(), Settlement())
