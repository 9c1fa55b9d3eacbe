"""RabbitMQ: the server that `EDA_TEST_RABBITMQ_URL` names, or Debian's.

`EDA_TEST_RABBITMQ_URL=skip` leaves RabbitMQ out, and says so. The query of a URL names the port of the management API, as in
`amqp://guest:guest@127.0.0.1:5672/tests?management=15672`; each test makes the virtual host anew.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from tests.services.processes import free_ports, spawn

__all__ = ["EXTERNAL", "MAIN", "Api", "Server", "api_of", "clear", "create", "own_server", "running_server"]

EXTERNAL = "EDA_TEST_RABBITMQ_URL"
SKIP = "skip"
PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
MAIN = "rabbitmq-server"
GUEST = "guest:guest"
START_SECONDS = 60.0
TOGETHER = """
epmd & mapper=$!
{program} & server=$!
trap 'kill $server; wait $server; kill $mapper' TERM
wait
"""
"""Erlang's port mapper would leave the server's session, and outlive it, were it not there already."""
CONFIGURATION = """
listeners.tcp.1 = 127.0.0.1:{port}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
loopback_users = none
{more}
"""


@dataclass(frozen=True, slots=True)
class Api:
    """The management API of a server, asked by one user."""

    url: str
    user: str

    def call(self, path: str, body: object = None, method: str = "GET") -> object:
        """Raises `HTTPError` where the server refuses."""
        request = urllib.request.Request(
            f"{self.url}/api/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Basic {base64.b64encode(self.user.encode()).decode()}",
                "Content-Type": "application/json",
            },
            method=method,
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@dataclass(slots=True)
class Server:
    """A node whose data is in `folder`; it can be started, killed and started again.

    Clients are told to connect to `advertised`, which may be the port of a proxy.
    """

    folder: Path
    port: int
    management: int
    epmd: int
    distribution: int
    advertised: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://{GUEST}@127.0.0.1:{self.advertised}/tests?management={self.management}"

    @property
    def pid(self) -> int:
        assert self.process
        return self.process.pid

    def configure(self, more: str) -> None:
        written = CONFIGURATION.format(port=self.port, management=self.management, more=more)
        (self.folder / "rabbitmq.conf").write_text(written)
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management].")

    def start(self) -> None:
        """The port is open before queues are there, and the API after both."""
        together = ["sh", "-c", TOGETHER.format(program=PROGRAM)]
        self.process = spawn(together, self.port, self.folder / "console.log", self.environment)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                api_of(self.url).call("health/checks/virtual-hosts")
                return
            except (URLError, ConnectionError):
                assert time.monotonic() < deadline, f"RabbitMQ does not answer: see {self.folder / 'console.log'}"
                time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL to the Erlang machine and its helpers."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def clear(self) -> None:
        clear(self.url)

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "RABBITMQ_NODENAME": f"eda{self.port}@localhost",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_DIST_PORT": str(self.distribution),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.epmd),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "HOME": str(self.folder),
        }


@contextmanager
def running_server() -> Iterator[str]:
    """The URL of a server for the time of the block; one that we started is stopped and its files are deleted."""
    external = os.environ.get(EXTERNAL)
    if external == SKIP:
        pytest.skip(f"{EXTERNAL} says to leave RabbitMQ out")
    if external:
        yield external
        return
    with own_server() as server:
        yield server.url


@contextmanager
def own_server(advertised: int | None = None, more: str = "") -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="eda-rabbitmq-"))
    server = create(folder, advertised, more)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def create(folder: Path, advertised: int | None = None, more: str = "") -> Server:
    """A new node, not yet started."""
    if not PROGRAM.exists():
        pytest.fail(
            "RabbitMQ is not installed (Debian: apt-get install rabbitmq-server);"
            f" {EXTERNAL} can name a server that runs already, and {EXTERNAL}={SKIP} leaves it out",
            pytrace=False,
        )
    port, management, epmd, distribution = free_ports(4)
    server = Server(folder, port, management, epmd, distribution, advertised or port)
    server.configure(more)
    return server


def api_of(url: str) -> Api:
    parts = urlsplit(url)
    return Api(
        f"http://{parts.hostname}:{parse_qs(parts.query)['management'][0]}", f"{parts.username}:{parts.password}"
    )


def clear(url: str) -> None:
    """Make the virtual host anew: all that was in it, and every connection to it, is gone."""
    api, name = api_of(url), quote(urlsplit(url).path[1:], safe="")
    with suppress(HTTPError):
        api.call(f"vhosts/{name}", method="DELETE")
    api.call(f"vhosts/{name}", {}, "PUT")
    rights = {"configure": ".*", "write": ".*", "read": ".*"}
    api.call(f"permissions/{name}/{api.user.partition(':')[0]}", rights, "PUT")
