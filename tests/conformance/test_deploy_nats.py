"""A NATS server takes the generated streams, consumers and permissions."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.errors import TimeoutError as NoAnswer
from tests.conformance.deploy_cases import CASES, generated
from tests.services.processes import free_ports, spawned

SERVER = Path(sys.executable).parent / "nats-server"


@contextmanager
def server(folder: Path, configuration: str = "") -> Iterator[str]:
    (port,) = free_ports(1)
    (folder / "server.conf").write_text(configuration, "utf-8")
    store = folder / "store"
    command = [SERVER, "-a", "127.0.0.1", "-p", port, "-js", "-sd", store, "-c", folder / "server.conf"]
    with spawned([str(part) for part in command], port, folder / "server.log"):
        yield f"127.0.0.1:{port}"


async def ask(client: Client, subject: str, request: object = None) -> Mapping[str, object]:
    answer = await client.request(subject, json.dumps(request).encode() if request is not None else b"", timeout=5)
    told = json.loads(answer.data)
    assert "error" not in told, (subject, told["error"])
    return told  # type: ignore[no-any-return]


async def apply(client: Client, files: Mapping[str, str]) -> None:
    """Streams first, as their consumers need them."""
    for path, text in sorted(files.items(), key=lambda item: "/consumers/" in item[0]):
        configuration = json.loads(text) if path.endswith(".json") else {}
        if "/streams/" in path:
            told = await ask(client, f"$JS.API.STREAM.CREATE.{configuration['name']}", configuration)
            kept = told["config"]
            assert isinstance(kept, dict)
            assert {name: kept.get(name, "") for name in configuration} == configuration
        elif "/consumers/" in path:
            stream = path.split("/")[-2]
            if configuration["filter_subject"]:
                request = {"stream_name": stream, "config": configuration}
                await ask(client, f"$JS.API.CONSUMER.CREATE.{stream}.{configuration['name']}", request)


@pytest.mark.parametrize("case", CASES)
async def test_the_server_takes_all_streams_and_consumers(case: str, tmp_path: Path) -> None:
    files = generated(case, "deploy-nats", tmp_path)

    with server(tmp_path) as address:
        client = await nats.connect(address)
        await apply(client, files)
        told = await ask(client, "$JS.API.INFO")
        await client.close()

    assert told["streams"] == sum("/streams/" in path for path in files) > 0
    assert told["consumers"] == sum("/consumers/" in path for path in files) > 0


async def test_a_service_may_do_what_it_needs_and_nothing_else(tmp_path: Path) -> None:
    files = generated("shop", "deploy-nats", tmp_path)
    services = ("orders", "inventory", "payments", "shipping")
    users = ", ".join(f"{{user: {each}, password: x, permissions: ${each}_permissions}}" for each in services)
    includes = "".join(f'include "{each}-nats/permissions.conf"\n' for each in services)
    accounts = f"accounts {{ EDA {{ jetstream: enabled, users: [{{user: admin, password: x}}, {users}] }} }}\n"

    with server(tmp_path, includes + accounts) as address:
        admin = await nats.connect(f"nats://admin:x@{address}")
        await apply(admin, files)
        refused: list[str] = []

        async def noted(error: Exception) -> None:
            refused.append(str(error))

        inventory = await nats.connect(f"nats://inventory:x@{address}", error_cb=noted)
        orders = await nats.connect(f"nats://orders:x@{address}")
        await orders.jetstream().publish("sales.orders.p1", b"placed")
        pulled = await pull(inventory, "sales_orders", "inventory_onOrderPlaced_p1")
        with pytest.raises(NoAnswer):
            await inventory.request("sales.orders.p1", b"forged", timeout=0.5)
        with pytest.raises(NoAnswer):
            await inventory.request("$JS.API.STREAM.DELETE.sales_orders", b"", timeout=0.5)
        await asyncio.gather(*(each.close() for each in (admin, inventory, orders)))

    assert pulled == b"placed"
    assert [re.findall(r'(?i)publish to "([^"]+)"', each) for each in refused] == [
        ["sales.orders.p1"],
        ["$js.api.stream.delete.sales_orders"],
    ]


async def pull(client: Client, stream: str, consumer: str) -> bytes:
    """One message of a consumer, acknowledged."""
    message = await client.request(
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}", b'{"batch":1}', timeout=5, old_style=True
    )
    await client.publish(message.reply, b"+ACK")
    await client.flush()
    return message.data


@pytest.mark.parametrize("case", CASES)
def test_the_server_reads_every_permissions_file(case: str, tmp_path: Path) -> None:
    paths = [path for path in generated(case, "deploy-nats", tmp_path) if path.endswith("permissions.conf")]
    variables = [(tmp_path / path).read_text("utf-8").split("\n\n")[1].split(":")[0] for path in paths]
    users = ", ".join(f"{{user: u{n}, password: x, permissions: ${name}}}" for n, name in enumerate(variables))
    includes = "".join(f'include "{path}"\n' for path in paths)

    with server(tmp_path, f"{includes}accounts {{ EDA {{ jetstream: enabled, users: [{users}] }} }}\n") as address:
        assert address
