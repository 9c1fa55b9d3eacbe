"""What tests of services are written with. The suite for transports is in `eda_runtime.testing.conformance`."""

from __future__ import annotations

from eda_runtime.testing.faults import Faults
from eda_runtime.testing.harness import Harness

__all__ = ["Faults", "Harness"]
