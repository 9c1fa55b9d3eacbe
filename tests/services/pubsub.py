"""A Pub/Sub server: the emulator that `EDA_TEST_PUBSUB_URL` names, or one run from what there is.

That is Google's emulator, where the Cloud SDK has it (`PUBSUB_EMULATOR_JAR` names the file elsewhere); else Google's fake for
the tests of its Go client, `pstest`, built here by `go`. Both keep all in memory: a server killed has forgotten everything.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from google.pubsub_v1.services.publisher import PublisherClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber import SubscriberClient
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import PubsubMessage
from tests.services.processes import free_ports, spawn

__all__ = [
    "EXTERNAL",
    "MAIN",
    "Server",
    "append",
    "clear",
    "clients",
    "create",
    "emulator_jar",
    "own_server",
    "running_server",
]

EXTERNAL = "EDA_TEST_PUBSUB_URL"
MAIN = "pubsub"
PROJECT = "eda-tests"
FOLDERS = ("/usr/lib/google-cloud-sdk", "/usr/share/google-cloud-sdk", "/opt/google-cloud-sdk", "~/google-cloud-sdk")
PSTEST = Path(__file__).with_name("pstest")
PROGRAM = Path(__file__).parents[2] / "build" / "pubsub" / "pstest"
JAVA = ("java", "-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-jar")


@dataclass(slots=True)
class Server:
    """A server as the start of a command, to which its address is added.

    Clients are told to connect to `advertised`, which may be the port of a proxy.
    """

    command: tuple[str, ...]
    folder: Path
    port: int
    advertised: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"pubsub://{PROJECT}?endpoint=http://127.0.0.1:{self.advertised}"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def start(self) -> None:
        address = f"127.0.0.1:{self.port}"
        written = ("--host=127.0.0.1", f"--port={self.port}") if self.command[0] == "java" else (address,)
        self.process = spawn([*self.command, *written], self.port, self.folder / "server.log")

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def freeze(self) -> None:
        """Let nothing move in it: the nearest to a crash that it survives with what it keeps."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def clear(self) -> None:
        clear(self.url)


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of a server for the time of the block; one that we started is stopped and its files are deleted."""
    if external := os.environ.get(EXTERNAL):
        yield external
        return
    with own_server() as server:
        yield server.url


@contextmanager
def own_server(advertised: int | None = None, command: tuple[str, ...] | None = None) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="eda-pubsub-"))
    server = create(folder, advertised, command)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def create(folder: Path, advertised: int | None = None, command: tuple[str, ...] | None = None) -> Server:
    """A new server, not yet started: the emulator where it is, unless told otherwise."""
    (port,) = free_ports(1)
    return Server(command or emulator_command() or pstest_command(), folder, port, advertised or port)


def emulator_jar() -> Path | None:
    """Google's emulator, where it is. Its licence lets nobody pass it on."""
    if named := os.environ.get("PUBSUB_EMULATOR_JAR"):
        return Path(named)
    jars = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*.jar"
    found = [jar for folder in FOLDERS for jar in Path(folder).expanduser().glob(jars)]
    return max(found, default=None)


def emulator_command() -> tuple[str, ...] | None:
    jar = emulator_jar()
    return (*JAVA, str(jar)) if jar and shutil.which("java") else None


def pstest_command() -> tuple[str, ...]:
    """Builds the program, once; several test processes may ask at the same time."""
    if shutil.which("go") is None:
        pytest.fail(
            "Pub/Sub needs Google's emulator (gcloud components install pubsub-emulator) or go (Debian: apt-get install"
            f" golang-go); {EXTERNAL} can name an emulator that runs already",
            pytrace=False,
        )
    PROGRAM.parent.mkdir(parents=True, exist_ok=True)
    with PROGRAM.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not PROGRAM.exists() or PROGRAM.stat().st_mtime < max(each.stat().st_mtime for each in PSTEST.iterdir()):
            build = ("go", "build", "-o", str(PROGRAM), ".")
            subprocess.run(build, cwd=PSTEST, check=True)
    return (str(PROGRAM),)


@contextmanager
def clients(url: str) -> Iterator[tuple[PublisherClient, SubscriberClient]]:
    with grpc.insecure_channel(url.rpartition("//")[2]) as channel:
        yield (
            PublisherClient(transport=PublisherGrpcTransport(channel=channel)),
            SubscriberClient(transport=SubscriberGrpcTransport(channel=channel)),
        )


def append(url: str, address: str, key: str, attributes: Mapping[str, str], body: bytes) -> None:
    """Publish a message as it is."""
    message = PubsubMessage(data=body, attributes=attributes, ordering_key=key)
    with clients(url) as (publisher, _):
        publisher.publish(topic=f"projects/{PROJECT}/topics/{address}", messages=[message])


def clear(url: str) -> None:
    """Delete every subscription and topic of an emulator's project, so that the next test finds it empty."""
    assert "endpoint=http://" in url, "tests delete everything, so they take an emulator only"
    project = "projects/" + url.partition("//")[2].partition("?")[0]
    with clients(url) as (publisher, subscriber):
        for subscription in subscriber.list_subscriptions(project=project):
            subscriber.delete_subscription(subscription=subscription.name)
        for topic in publisher.list_topics(project=project):
            publisher.delete_topic(topic=topic.name)
