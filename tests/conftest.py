"""Fixtures that several kinds of tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from tests.services import aws, kafka, ministack, moto, nats, postgresql, pubsub, rabbitmq, redis, registry, temporal

pytest.register_assert_rewrite("eda_runtime.testing.conformance")
aws.shield(ministack.EXTERNAL)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server for the whole run. The run fails where none can be had."""
    with postgresql.running_server() as url:
        yield url


@pytest.fixture
async def postgresql_url(postgresql_server: str) -> AsyncIterator[str]:
    """The URL of an empty database, for one test."""
    async with postgresql.fresh_database(postgresql_server) as url:
        yield url


@pytest.fixture(scope="session")
def kafka_server() -> Iterator[str]:
    """The URL of an Apache Kafka for the whole run. The run fails where none can be had, unless it was told to do without."""
    with kafka.running_server() as url:
        yield url


@pytest.fixture
def kafka_url(kafka_server: str) -> str:
    """The URL of the server, with no topics and no groups."""
    kafka.clear(kafka_server)
    return kafka_server


@pytest.fixture(scope="session")
def temporal_address() -> Iterator[str]:
    """The address of a Temporal server for the whole run. The run fails where none can be had."""
    with temporal.running_server() as address:
        yield address


@pytest.fixture(scope="session")
def nats_server() -> Iterator[str]:
    """The URL of a NATS server for the whole run."""
    with nats.running_server() as url:
        yield url


@pytest.fixture
def nats_url(nats_server: str) -> str:
    """The URL of the server, with no streams."""
    nats.clear(nats_server)
    return nats_server


@pytest.fixture(scope="session")
def pubsub_server() -> Iterator[str]:
    """The URL of a Pub/Sub emulator for the whole run. The run fails where none can be had."""
    with pubsub.running_server() as url:
        yield url


@pytest.fixture
def pubsub_url(pubsub_server: str) -> str:
    """The URL of the emulator, with no topics and no subscriptions."""
    pubsub.clear(pubsub_server)
    return pubsub_server


@pytest.fixture(scope="session")
def registry_server() -> Iterator[str]:
    """The URL of a schema registry for the whole run. The run fails where none can be had, unless it was told to do without."""
    with registry.running_server() as url:
        yield url


@pytest.fixture
def registry_url(registry_server: str) -> str:
    """The URL of the registry, with no subjects."""
    registry.clear(registry_server)
    return registry_server


@pytest.fixture(scope="session")
def rabbitmq_server() -> Iterator[str]:
    """The URL of a RabbitMQ for the whole run. The run fails where none can be had, unless it was told to do without."""
    with rabbitmq.running_server() as url:
        yield url


@pytest.fixture
def rabbitmq_url(rabbitmq_server: str) -> str:
    """The URL of the server, with an empty virtual host."""
    rabbitmq.clear(rabbitmq_server)
    return rabbitmq_server


@pytest.fixture(scope="session")
def ministack_server() -> Iterator[str]:
    """The URL of an emulator of EventBridge and SQS for the whole run."""
    with ministack.running_server() as url:
        yield url


@pytest.fixture
def ministack_url(ministack_server: str) -> str:
    """The URL of the emulator, with no buses and no queues."""
    ministack.clear(ministack_server)
    return ministack_server


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """The URL of another emulator of EventBridge and SQS for the whole run."""
    with moto.running_server() as url:
        yield url


@pytest.fixture
def moto_url(moto_server: str) -> str:
    """The URL of the other emulator, with no buses and no queues."""
    moto.clear(moto_server)
    return moto_server


@pytest.fixture(params=["ministack", pytest.param("moto", marks=pytest.mark.xdist_group("moto"))])
def eventbridge_url(request: pytest.FixtureRequest) -> str:
    """The URL of each emulator: what one does not mind, the other may."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The URL of a Redis for the whole run. The run fails where none can be had."""
    with redis.running_server() as url:
        yield url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The URL of the server, with no keys."""
    redis.clear(redis_server)
    return redis_server
