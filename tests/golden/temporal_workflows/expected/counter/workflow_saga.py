"""The messages of the saga Workflow that only a person can make. Yours: written once, never overwritten."""

from .events.settle import SettleV1
from .sagas.workflow_saga import WorkflowState


class Workflow:
    """Makes messages of what the saga knows. A message may be made more than once."""

    def settle(self, state: WorkflowState) -> SettleV1:
        raise NotImplementedError("settle")
