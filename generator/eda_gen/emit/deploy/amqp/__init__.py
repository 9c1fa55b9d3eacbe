"""RabbitMQ: exchanges, quorum queues with their dead letters, and permissions, as definitions to import."""

from eda_gen.emit.deploy.amqp.package import target

__all__ = ["target"]
