"""Apache Kafka itself, one node in KRaft mode: the server that `EDA_TEST_KAFKA_URL` names, or one run from its jars.

Needs `java` (17 or later) and `mvn`. `EDA_TEST_KAFKA_URL=skip` leaves Apache Kafka out, and says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from tests.services import maven
from tests.services.processes import free_ports, spawn

__all__ = ["EXTERNAL", "MAIN", "SKIP", "Server", "clear", "create", "own_server", "running_server"]

EXTERNAL = "EDA_TEST_KAFKA_URL"
SKIP = "skip"
JARS = maven.folder("kafka")
CLEAR_SECONDS = 30.0
CLUSTER = "4L6g3nShT-eMCtK--X86sw"
MAIN = "kafka.Kafka"
PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{advertised}
log.dirs={folder}/data
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=300
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.replication.factor=1
log.cleaner.enable=false
{more}
"""
JAVA = ("java", "-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{JARS}/*")


@dataclass(slots=True)
class Server:
    """A node whose data is in `folder`; it can be started, killed and started again.

    Clients are told to connect to `advertised`, which may be the port of a proxy.
    """

    folder: Path
    port: int
    controller: int
    advertised: int
    more: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"kafka://127.0.0.1:{self.advertised}"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def format(self) -> None:
        self.properties.write_text(PROPERTIES.format(**{name: getattr(self, name) for name in self.__slots__}))
        tool = (*JAVA, "kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c", str(self.properties))
        subprocess.run(tool, check=True, capture_output=True)

    def start(self) -> None:
        log = self.folder / "server.log"
        self.process = spawn([*JAVA, MAIN, str(self.properties)], self.port, log)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def clear(self) -> None:
        clear(self.url)

    @property
    def properties(self) -> Path:
        return self.folder / "server.properties"


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of a server for the time of the block; one that we started is stopped and its files are deleted."""
    external = os.environ.get(EXTERNAL)
    if external == SKIP:
        pytest.skip(f"{EXTERNAL} says to leave Apache Kafka out")
    if external:
        yield external
        return
    with own_server() as server:
        yield server.url


@contextmanager
def own_server(advertised: int | None = None, more: str = "") -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="eda-kafka-"))
    server = create(folder, advertised, more)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def create(folder: Path, advertised: int | None = None, more: str = "") -> Server:
    """A new node, not yet started."""
    maven.fetch(JARS, "dependency:copy-dependencies", EXTERNAL)
    port, controller = free_ports(2)
    server = Server(folder, port, controller, advertised or port, more)
    server.format()
    return server


def clear(url: str) -> None:
    """Delete every group and topic, so that the next test finds the server empty. Killed members must first time out."""
    admin = AdminClient({"bootstrap.servers": url.partition("//")[2]})
    deadline = time.monotonic() + CLEAR_SECONDS
    while remains := [*delete_groups(admin), *delete_topics(admin)]:
        assert time.monotonic() < deadline, f"Kafka keeps {', '.join(remains)}"
        time.sleep(0.05)


def delete_groups(admin: AdminClient) -> list[str]:
    groups = [each.group_id for each in admin.list_consumer_groups().result().valid]
    for future in admin.delete_consumer_groups(groups).values() if groups else ():
        future.exception()
    return groups


def delete_topics(admin: AdminClient) -> list[str]:
    topics = [name for name in admin.list_topics(timeout=10).topics if not name.startswith("__")]
    for future in admin.delete_topics(topics).values() if topics else ():
        future.exception()
    return topics
