"""What goes wrong, by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from eda_runtime.wording import counted

if TYPE_CHECKING:
    from eda_runtime.transports import Outgoing

__all__ = [
    "ConfigurationError",
    "EdaError",
    "PermanentError",
    "PublishError",
    "StoreError",
    "TransportError",
    "UnitOfWorkError",
]


class EdaError(Exception):
    """The base of what the runtime raises on purpose; its text is fit for a user's eyes."""


class ConfigurationError(EdaError):
    """The service cannot run as it is set up; the text says what to change."""


class UnitOfWorkError(EdaError):
    """The transaction of a unit of work was used in a way that would break its promise."""


class PermanentError(Exception):
    """Raise it from a handler for a message that no retry can help: it goes to the dead letters at once."""


class StoreError(EdaError):
    """The database cannot be reached: the same call may succeed later."""


class TransportError(EdaError):
    """The broker cannot be reached, or failed: the same call may succeed later."""


class PublishError(EdaError):
    """The broker did not acknowledge `unacknowledged`; it may or may not have them. All other messages were sent."""

    def __init__(self, reason: str, unacknowledged: Sequence[Outgoing]) -> None:
        super().__init__(f"{counted(len(unacknowledged), 'message')} not acknowledged: {reason}")
        self.unacknowledged = tuple(unacknowledged)
