"""What goes wrong, by name."""

from __future__ import annotations

__all__ = ["ConfigurationError", "EdaError", "PermanentError", "UnitOfWorkError"]


class EdaError(Exception):
    """The base of what the runtime raises on purpose; its text is fit for a user's eyes."""


class ConfigurationError(EdaError):
    """The service cannot run as it is set up; the text says what to change."""


class UnitOfWorkError(EdaError):
    """The transaction of a unit of work was used in a way that would break its promise."""


class PermanentError(Exception):
    """Raise it from a handler for a message that no retry can help: it goes to the dead letters at once."""
