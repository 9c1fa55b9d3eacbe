"""The broker beside a service: that of the first of its servers whose protocol has one here, else PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass

from eda_gen.model import Service

__all__ = ["Broker", "broker_of"]


@dataclass(frozen=True, slots=True)
class Broker:
    """`health` is the command that tells whether it is up; `folder` is where it keeps its data."""

    name: str
    image: str
    url: str
    port: int
    folder: str
    health: tuple[str, ...]
    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


KAFKA = Broker(
    name="kafka",
    image="apache/kafka:4.1.1",
    url="kafka://kafka:9092",
    port=9092,
    folder="/var/lib/kafka/data",
    health=("/opt/kafka/bin/kafka-broker-api-versions.sh", "--bootstrap-server", "localhost:9092"),
    environment=(
        ("KAFKA_NODE_ID", "1"),
        ("KAFKA_PROCESS_ROLES", "broker,controller"),
        ("KAFKA_LISTENERS", "PLAINTEXT://:9092,CONTROLLER://:9093"),
        ("KAFKA_ADVERTISED_LISTENERS", "PLAINTEXT://kafka:9092"),
        ("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER"),
        ("KAFKA_LISTENER_SECURITY_PROTOCOL_MAP", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"),
        ("KAFKA_CONTROLLER_QUORUM_VOTERS", "1@localhost:9093"),
        ("KAFKA_LOG_DIRS", "/var/lib/kafka/data"),
        ("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", "1"),
        ("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1"),
        ("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1"),
        ("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false"),
    ),
)
NATS = Broker(
    name="nats",
    image="nats:2.14-alpine",
    url="nats://nats:4222",
    port=4222,
    folder="/data",
    health=("wget", "-q", "-O", "/dev/null", "http://localhost:8222/healthz"),
    command=("-js", "-sd", "/data", "-m", "8222"),
)
RABBITMQ = Broker(
    name="rabbitmq",
    image="rabbitmq:4-management-alpine",
    url="amqp://rabbitmq:5672",
    port=5672,
    folder="/var/lib/rabbitmq",
    health=("rabbitmq-diagnostics", "-q", "check_port_connectivity"),
)
REDIS = Broker(
    name="redis",
    image="redis:7-alpine",
    url="redis://redis:6379",
    port=6379,
    folder="/data",
    health=("redis-cli", "ping"),
    command=("redis-server", "--appendonly", "yes"),
)


def broker_of(service: Service) -> Broker | None:
    """`None`: PostgreSQL, whose database `broker` then carries the messages of all services."""
    known = {"kafka": KAFKA, "kafka-secure": KAFKA, "nats": NATS, "amqp": RABBITMQ, "amqps": RABBITMQ, "redis": REDIS}
    return next((known[each.protocol] for each in service.servers if each.protocol in known), None)
