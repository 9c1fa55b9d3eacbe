"""Debezium's outbox event router over `eda_outbox`, in place of the runtime's relay."""

from eda_gen.emit.deploy.debezium.package import target

__all__ = ["target"]
