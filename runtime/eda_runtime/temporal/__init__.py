"""Sagas as Temporal workflows: generated modules state them, Temporal keeps their state and their timers.

Needs `eda-runtime[temporal]`; nothing else of the runtime imports this.
"""

from eda_runtime.errors import ConfigurationError

try:
    import temporalio as temporalio
except ImportError:
    raise ConfigurationError(
        "sagas as Temporal workflows need one more package: pip install 'eda-runtime[temporal]'"
    ) from None

from eda_runtime.temporal.client import connect, start
from eda_runtime.temporal.coordinator import TemporalCoordinator
from eda_runtime.temporal.instance import Instance, Outcome, Said
from eda_runtime.temporal.workflow import SagaWorkflow, made_by_activities

__all__ = [
    "Instance",
    "Outcome",
    "SagaWorkflow",
    "Said",
    "TemporalCoordinator",
    "connect",
    "made_by_activities",
    "start",
]
