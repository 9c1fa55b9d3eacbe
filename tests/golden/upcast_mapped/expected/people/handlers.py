"""What People does with what it receives. Yours: written once, never overwritten."""

from collections.abc import Sequence

from .app import create_app
from .consumers import Context
from .events.person_moved import PersonMovedV2, PersonMovedV3


class Handlers:
    """Takes the messages that the specs say People receives."""

    async def on_person_moved(self, event: PersonMovedV3, ctx: Context) -> None:
        raise NotImplementedError("onPersonMoved")

    async def archive(self, events: Sequence[PersonMovedV2], ctx: Context) -> None:
        raise NotImplementedError("archive")


service = create_app(Handlers())
