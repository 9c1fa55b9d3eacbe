"""What Desk does with what it receives. Yours: written once, never overwritten."""

from .app import create_app
from .consumers import Context
from .events.ended import EndedV1
from .present_saga import Present
from .saga import Saga_2


class Handlers:
    """Takes the messages that the specs say Desk receives."""

    async def on_ended(self, event: EndedV1, ctx: Context) -> None:
        raise NotImplementedError("onEnded")


service = create_app(Handlers(), Saga_2(), Present())
