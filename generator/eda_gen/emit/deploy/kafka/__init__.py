"""Apache Kafka: topics and access by least privilege, for Strimzi and for Terraform."""

from eda_gen.emit.deploy.kafka.package import target

__all__ = ["target"]
