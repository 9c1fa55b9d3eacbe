"""Amazon EventBridge with SQS: buses, archives, rules, queues and rights, as CloudFormation and Terraform."""

from eda_gen.emit.deploy.eventbridge.package import target

__all__ = ["target"]
