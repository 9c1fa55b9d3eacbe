"""The Python package of a service whose sagas are Temporal workflows."""

from eda_gen.emit.temporal.package import target

__all__ = ["target"]
