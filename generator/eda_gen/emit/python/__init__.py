"""Python packages: typed events, a publisher, a consumer protocol, and the application that joins them."""

from eda_gen.emit.python.package import target

__all__ = ["target"]
