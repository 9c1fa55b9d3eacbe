"""RabbitMQ imports the generated definitions; where `rabbitmq-server` is not installed, the tests are skipped."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote

import pytest
from tests.conformance.deploy_cases import CASES, generated
from tests.services.processes import free_ports, spawn

PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
pytestmark = [
    pytest.mark.skipif(not PROGRAM.exists(), reason="rabbitmq-server is not installed"),
    pytest.mark.xdist_group("rabbitmq"),
]
ORDER = ("exchanges.json", "queues.json", "permissions.json")


@dataclass(frozen=True, slots=True)
class Server:
    """A server with its management API."""

    port: int
    user: str = "guest:guest"

    def call(self, path: str, body: object = None, method: str = "GET") -> object:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/{path}",
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

    def load(self, files: Mapping[str, str]) -> None:
        """As `amqp/package.py` says: one kind of file of all services, then the next; users are there before."""
        there = self.call("users")
        assert isinstance(there, list)
        for user in {str(each["user"]) for each in entries(files, "permissions")} - {each["name"] for each in there}:
            self.call(f"users/{quote(user, safe='')}", {"password": "x", "tags": "management"}, "PUT")
        for name in ORDER:
            for path, text in files.items():
                if path.endswith(name):
                    self.call("definitions", json.loads(text), "POST")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("rabbitmq")
    port, management, epmd, distribution = free_ports(4)
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\nmanagement.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {management}\n"
    )
    (folder / "enabled_plugins").write_text("[rabbitmq_management].")
    environment = {
        "RABBITMQ_NODENAME": f"eda{port}@localhost",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_DIST_PORT": str(distribution),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(epmd),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "HOME": str(folder),
    }
    process = spawn([str(PROGRAM)], management, folder / "console.log", environment)
    try:
        yield Server(management)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        end_of_epmd(os.environ | environment)


def end_of_epmd(environment: Mapping[str, str]) -> None:
    """Stop the port mapper that the server left behind; it refuses until it has noticed that the server is gone."""
    for _ in range(50):
        if subprocess.run(["epmd", "-kill"], env=environment, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.1)


def entries(files: Mapping[str, str], kind: str) -> list[dict[str, object]]:
    return [each for text in files.values() for each in json.loads(text).get(kind, ())]


@pytest.mark.parametrize("case", CASES)
def test_the_server_imports_all_definitions(case: str, server: Server, tmp_path: Path) -> None:
    files = generated(case, "deploy-amqp", tmp_path)

    server.load(files)

    for kind in ("exchanges", "queues"):
        there = server.call(kind)
        assert isinstance(there, list)
        found = {(each["vhost"], each["name"]) for each in there}
        wanted = {(each["vhost"], each["name"]) for each in entries(files, kind)}
        assert wanted
        assert wanted <= found


def test_definitions_imported_again_change_nothing(server: Server, tmp_path: Path) -> None:
    files = generated("shop", "deploy-amqp", tmp_path)
    server.load(files)
    before = server.call("definitions")

    server.load(files)

    assert server.call("definitions") == before


def test_what_a_service_sends_reaches_a_queue_and_what_others_send_is_refused(server: Server, tmp_path: Path) -> None:
    server.load(generated("shop", "deploy-amqp", tmp_path))
    message = {"properties": {}, "routing_key": "p2", "payload": "hello", "payload_encoding": "string"}
    orders = replace(server, user="orders:x")

    sent = orders.call("exchanges/%2F/sales.orders/publish", message, "POST")
    with pytest.raises(HTTPError):
        orders.call("exchanges/%2F/warehouse.stock/publish", message, "POST")

    assert sent == {"routed": True}
