"""What Streetlights does with what it receives. Yours: written once, never overwritten."""

from .app import create_app
from .consumers import Context
from .events.light_measured import LightMeasuredV1


class Handlers:
    """Takes the messages that the specs say Streetlights receives."""

    async def receive_light_measured(
        self, event: LightMeasuredV1, ctx: Context
    ) -> None:
        raise NotImplementedError("receiveLightMeasured")


service = create_app(Handlers())
