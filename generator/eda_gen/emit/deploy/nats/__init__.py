"""NATS JetStream: streams, consumers and permissions, for NACK, for the `nats` command and for the server's configuration."""

from eda_gen.emit.deploy.nats.package import target

__all__ = ["target"]
