"""The messages of the saga saga that only a person can make. Yours: written once, never overwritten."""

from .events.json import JsonV1
from .events.look import LookV1
from .sagas.saga import Saga_2State


class Saga_2:
    """Makes messages of what the saga knows. A message may be made more than once."""

    def look(self, state: Saga_2State) -> LookV1:
        raise NotImplementedError("look")

    def json(self, state: Saga_2State) -> JsonV1:
        raise NotImplementedError("json")
