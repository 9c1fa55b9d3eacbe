"""What class "Import" \\ 😀 does with what it receives. Yours: written once, never overwritten."""

from .app import create_app
from .consumers import Context
from .events.a_b import ABV1
from .events.a_b2 import AB2V1
from .events.class_ import ClassV1


class Handlers:
    """Takes the messages that the specs say class "Import" \\ 😀 receives."""

    async def class_(self, event: ABV1 | AB2V1, ctx: Context) -> None:
        raise NotImplementedError("class")

    async def topology(self, event: ClassV1, ctx: Context) -> None:
        raise NotImplementedError("topology")


service = create_app(Handlers())
