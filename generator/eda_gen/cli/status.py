"""Exit statuses, the same for every command."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Status"]


class Status(IntEnum):
    FINE = 0
    FINDINGS = 1
    """Something was found, or is not as it should be, by a command that looks for such."""
    BAD_INPUT = 2
    """The input or the call is wrong."""
    DEFECT = 3
    """A defect of ours."""
