"""Google Pub/Sub: topics, subscriptions, dead-letter policies and the grants that they need, as Terraform."""

from eda_gen.emit.deploy.pubsub.package import target

__all__ = ["target"]
