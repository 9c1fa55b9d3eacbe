"""What generated services import. See `App` for how a service is put together, run and stopped."""

from eda_runtime.app import App
from eda_runtime.contracts import (
    AnySubscription,
    BatchSubscription,
    ChannelContract,
    DeadLetterPolicy,
    MessageContract,
    ReceivePolicy,
    RetryPolicy,
    Subscription,
    Topology,
    Upcast,
)
from eda_runtime.envelope import Envelope
from eda_runtime.errors import PermanentError
from eda_runtime.event import Event
from eda_runtime.outbox import Outbox
from eda_runtime.settings import Settings
from eda_runtime.unit_of_work import Context, UnitOfWork
from eda_runtime.version import require_runtime
from eda_runtime.versions import convert

__all__ = [
    "AnySubscription",
    "App",
    "BatchSubscription",
    "ChannelContract",
    "Context",
    "DeadLetterPolicy",
    "Envelope",
    "Event",
    "MessageContract",
    "Outbox",
    "PermanentError",
    "ReceivePolicy",
    "RetryPolicy",
    "Settings",
    "Subscription",
    "Topology",
    "UnitOfWork",
    "Upcast",
    "convert",
    "require_runtime",
]
