"""How Pub/Sub is reached, and what is said where it cannot be."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import grpc
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.integration.transports.pubsub import options
from tests.services.certificates import self_signed
from tests.services.processes import free_ports

from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.transports.pubsub.transport import connect
from eda_runtime.transports.registry import open_transport

pytestmark = pytest.mark.xdist_group("pubsub")


async def test_without_the_client_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in tuple(sys.modules) if name.startswith(("google.pubsub_v1", "eda_runtime.transports.pubsub"))
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "google.pubsub_v1", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'eda-runtime\[pubsub\]'"):
        await open_transport("pubsub://project")


@pytest.mark.parametrize("url", ["pubsub://", "pubsub://project/topic", "pubsub://project?end-point=x"])
def test_a_url_that_names_no_project_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"pubsub://PROJECT"):
        options(url)


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [("host:port:9", "'host:port:9'"), ("http://[host", r"'http://\[host'"), ("http://u:s3/cret@host:1", "'host:1'")],
)
def test_an_endpoint_that_is_none_is_refused_without_its_password(endpoint: str, shown: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{shown} is no endpoint"):
        options("pubsub://project", EDA_PUBSUB_ENDPOINT=endpoint)


def test_the_url_wins_over_the_variables_and_these_over_the_emulator_of_the_environment() -> None:
    emulator, regional = {"PUBSUB_EMULATOR_HOST": "localhost:8085"}, {"EDA_PUBSUB_ENDPOINT": "eu-pubsub.example.com"}
    found = [
        options("pubsub://project"),
        options("pubsub://project", **emulator),
        options("pubsub://project", **emulator, **regional),
        options("pubsub://project?endpoint=http://other:1", **emulator, **regional),
    ]

    assert [(each.endpoint, each.emulator) for each in found] == [
        ("pubsub.googleapis.com:443", False),
        ("localhost:8085", True),
        ("eu-pubsub.example.com:443", False),
        ("other:1", True),
    ]


async def test_a_server_that_is_not_there_is_named_within_the_connect_time() -> None:
    (port,) = free_ports(1)

    async with asyncio.timeout(15):
        with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{port} cannot be reached"):
            await open_transport(f"pubsub://project?endpoint=http://127.0.0.1:{port}")


async def test_without_credentials_the_ways_to_have_some_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("NO_GCE_CHECK", "true")

    with pytest.raises(ConfigurationError, match="gcloud auth application-default login"):
        await connect(options("pubsub://project"))


async def test_a_file_without_credentials_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "credentials.json"
    file.write_text("{}")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

    with pytest.raises(ConfigurationError, match=re.escape(str(file))):
        await connect(options("pubsub://project"))


def test_an_authority_that_cannot_be_read_is_named_with_its_variable() -> None:
    with pytest.raises(ConfigurationError, match="EDA_PUBSUB_CA_FILE"):
        options("pubsub://project", EDA_PUBSUB_CA_FILE="/nowhere/ca.pem")


class Refusing(BaseHTTPRequestHandler):
    """Gives nobody a token, as Google does for a key that was deleted."""

    def do_POST(self) -> None:
        self.send_response(400)
        self.end_headers()
        self.wfile.write(b'{"error": "invalid_grant", "error_description": "Invalid grant: account not found"}')

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def token_server() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Refusing)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/token"
    server.shutdown()
    server.server_close()


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[str, str]]:
    """The endpoint of a gRPC server without services, and the certificate that it shows."""
    key, certificate = self_signed(folder)
    server = grpc.server(ThreadPoolExecutor(1))
    pair = (Path(key).read_bytes(), Path(certificate).read_bytes())
    port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    server.start()
    yield f"127.0.0.1:{port}", certificate
    server.stop(None)


async def test_refused_credentials_say_what_to_check_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    account = {"type": "service_account", "client_email": "orders@project.iam.example.com", "private_key": pem}
    file = tmp_path / "credentials.json"
    with token_server() as token_uri, tls_server(tmp_path) as (endpoint, certificate):
        file.write_text(json.dumps({**account, "token_uri": token_uri}))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

        async with asyncio.timeout(15):
            with pytest.raises(ConfigurationError, match="GOOGLE_APPLICATION_CREDENTIALS") as refused:
                await connect(options(f"pubsub://project?endpoint={endpoint}", EDA_PUBSUB_CA_FILE=certificate))

    assert "account not found" in str(refused.value)
    assert pem.splitlines()[1] not in str(refused.value)
