"""The messages of the saga Present that only a person can make. Yours: written once, never overwritten."""

from .events.look import LookV1
from .sagas.present_saga import PresentState


class Present:
    """Makes messages of what the saga knows. A message may be made more than once."""

    def look(self, state: PresentState) -> LookV1:
        raise NotImplementedError("look")
