"""The messages of the saga Settlement that only a person can make. Yours: written once, never overwritten."""

from .events.say_so import SaySoV1
from .sagas.settlement import SettlementState


class Settlement:
    """Makes messages of what the saga knows. A message may be made more than once."""

    def say_so(self, state: SettlementState) -> SaySoV1:
        raise NotImplementedError("say_so")
