"""What `eda run` says where its broker is not as it must be: one clear message, soon, and the end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from tests.services.processes import free_ports

ROOT = Path(__file__).parents[2]
APP = "tests.integration.runtime.slow_service:app"
CONNECT_SECONDS = 20
"""Ten for the broker, the rest for Python to start on a busy machine."""
CLOSED = {
    "amqp": "amqp://127.0.0.1:{port}",
    "eventbridge": "eventbridge://eu-central-1?endpoint=http://127.0.0.1:{port}",
    "kafka": "kafka://127.0.0.1:{port}",
    "nats": "nats://127.0.0.1:{port}",
    "postgresql": "postgresql://user:hush@127.0.0.1:{port}/log",
    "pubsub": "pubsub://project?endpoint=http://127.0.0.1:{port}",
    "redis": "redis://127.0.0.1:{port}",
}
"""The URL of a broker that is not there, for each transport."""
BROKERS = ("eventbridge", "kafka", "nats", "pubsub", "rabbitmq", "redis")
EMULATED = {"eventbridge": "ministack"}
EXTRAS = {
    "amqp": "aio_pika",
    "eventbridge": "aiobotocore",
    "kafka": "confluent_kafka",
    "nats": "nats",
    "pubsub": "google",
    "redis": "redis",
}
"""The module of each extra's client."""


def run(folder: Path, broker: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("EDA_")}
    environment |= {"EDA_DATABASE_URL": f"sqlite:///{folder / 'eda.db'}", "EDA_BROKER_URL": broker}
    eda = str(Path(sys.executable).parent / "eda")
    return subprocess.run(
        [eda, "run", APP],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=CONNECT_SECONDS,
        check=False,
    )


def complaint(folder: Path, broker: str, **environment: str) -> str:
    """What it says before it ends, which it must do by itself, with no stack and no secret."""
    result = run(folder, broker, **environment)
    said = [line for line in result.stderr.splitlines() if not line.startswith("20")]
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert "hush" not in result.stderr
    return "\n".join(said)


@contextmanager
def topics(url: str, **partitions: int) -> Iterator[None]:
    admin = AdminClient({"bootstrap.servers": url.partition("//")[2]})
    for future in admin.create_topics([NewTopic(name, count) for name, count in partitions.items()]).values():
        future.result(10)
    yield


@pytest.mark.parametrize("scheme", CLOSED)
def test_a_broker_that_is_not_there(scheme: str, tmp_path: Path) -> None:
    (port,) = free_ports(1)

    assert "cannot be reached" in complaint(tmp_path, CLOSED[scheme].format(port=port))


def test_a_scheme_that_nobody_knows(tmp_path: Path) -> None:
    said = complaint(tmp_path, "kofka://user:hush@127.0.0.1:9092")

    assert "no transport for kofka:// is installed; there are " in said


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_that_is_missing(extra: str, tmp_path: Path) -> None:
    """A module of the client's name that is nothing stands before the client in Python's path."""
    module, scheme = EXTRAS[extra], extra
    (tmp_path / module).with_suffix(".py").write_text(f"raise ModuleNotFoundError('no {module}', name='{module}')\n")

    said = complaint(tmp_path, CLOSED[scheme].format(port=1), PYTHONPATH=str(tmp_path))

    assert said.splitlines()[-1].endswith(f"{scheme}:// needs {module}: pip install 'eda-runtime[{extra}]'")


@pytest.mark.parametrize("broker", [pytest.param(each, marks=pytest.mark.xdist_group(each)) for each in BROKERS])
def test_channels_and_groups_that_are_missing(broker: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    said = complaint(tmp_path, request.getfixturevalue(f"{EMULATED.get(broker, broker)}_url"))

    assert "run `eda provision` first" in said
    assert "orders" in said


@pytest.mark.xdist_group("kafka")
def test_a_topic_with_fewer_partitions_than_the_spec(kafka_url: str, tmp_path: Path) -> None:
    with topics(kafka_url, orders=1):
        said = complaint(tmp_path, kafka_url)

    assert "topic orders (from 1 to 4 partitions" in said
