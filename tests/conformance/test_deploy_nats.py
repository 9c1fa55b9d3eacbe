"""A NATS server takes the generated streams, consumers and permissions."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.errors import TimeoutError as NoAnswer
from tests.conformance.deploy_cases import CASES, generated
from tests.services.processes import free_ports, spawned

from eda_runtime.contracts import Topology
from eda_runtime.errors import TransportError
from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import event
from eda_runtime.transports import Outgoing
from eda_runtime.transports.nats.names import consumer_name, inbox_prefix, stream_name
from eda_runtime.transports.registry import open_transport

SERVICES = ("orders", "inventory", "payments", "shipping")
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


def users() -> str:
    """The shop's services with their generated rights, and somebody who may do everything."""
    includes = "".join(f'include "{each}-nats/permissions.conf"\n' for each in SERVICES)
    named = ", ".join(f"{{user: {each}, password: x, permissions: ${each}_permissions}}" for each in SERVICES)
    return includes + f"accounts {{ EDA {{ jetstream: enabled, users: [{{user: admin, password: x}}, {named}] }} }}\n"


def topology(service: str) -> Topology:
    found = importlib.import_module(f"examples.shop.{service}.channels").TOPOLOGY
    assert isinstance(found, Topology)
    return found


async def test_provisioning_finds_nothing_to_do_where_the_files_were_applied(tmp_path: Path) -> None:
    files = generated("shop", "deploy-nats", tmp_path)

    with server(tmp_path) as address:
        client = await nats.connect(address)
        await apply(client, files)
        await client.close()
        transport = await open_transport(f"nats://{address}")
        steps = [step for each in SERVICES for step in await transport.provision(topology(each), dry_run=True)]
        await transport.close()

    assert {step.action for step in steps} == {"exists"}


@pytest.mark.parametrize("service", SERVICES)
async def test_the_generated_rights_are_all_that_a_service_needs(service: str, tmp_path: Path) -> None:
    files = generated("shop", "deploy-nats", tmp_path)
    reading = topology(service).receives[0]

    with server(tmp_path, users()) as address:
        admin = await open_transport(f"nats://admin:x@{address}")
        client = await nats.connect(f"nats://admin:x@{address}")
        await apply(client, files)
        await client.close()
        transport = await open_transport(f"nats://{service}:x@{address}", Settings(service=service))
        seen = await transport.provision(topology(service), dry_run=True)
        receiver = await transport.receiver(reading)
        await admin.publish([Outgoing(reading.channel.address, event("a", 0).envelope)])
        (found,) = await receiver.poll(1, 10)
        await transport.publish([Outgoing(reading.dead_letter.address, event("a", 1).envelope)])
        await receiver.acknowledge([found])
        (lag,) = await transport.lag(Topology((), (reading,)))
        await asyncio.gather(admin.close(), transport.close())

    assert {step.action for step in seen} == {"exists"}
    assert (found.key, lag.messages) == ("a", 0)


async def test_a_service_may_do_what_it_needs_and_nothing_else(tmp_path: Path) -> None:
    files = generated("shop", "deploy-nats", tmp_path)
    reading = topology("inventory").receives[0]
    stream, place = stream_name(reading.channel.address), f"{reading.channel.address}.p1"

    with server(tmp_path, users()) as address:
        admin = await nats.connect(f"nats://admin:x@{address}")
        await apply(admin, files)
        refused: list[str] = []

        async def noted(error: Exception) -> None:
            refused.append(str(error))

        inventory = await connect(address, "inventory", noted)
        orders = await connect(address, "orders", noted)
        await orders.jetstream().publish(place, b"placed")
        pulled = await pull(inventory, stream, consumer_name(reading.group, 1))
        with pytest.raises(NoAnswer):
            await inventory.request(place, b"forged", timeout=0.5)
        with pytest.raises(NoAnswer):
            await inventory.request(f"$JS.API.STREAM.DELETE.{stream}", b"", timeout=0.5)
        await asyncio.gather(*(each.close() for each in (admin, inventory, orders)))

    assert pulled == b"placed"
    assert [re.findall(r'(?i)publish to "([^"]+)"', each) for each in refused] == [
        [place],
        [f"$js.api.stream.delete.{stream}"],
    ]


@pytest.mark.parametrize("subject", ["_INBOX_orders.>", "_INBOX.>", "*.>", ">"])
async def test_a_service_may_not_listen_to_what_another_is_handed(subject: str, tmp_path: Path) -> None:
    generated("shop", "deploy-nats", tmp_path)
    refused: asyncio.Queue[Exception] = asyncio.Queue()

    with server(tmp_path, users()) as address:
        inventory = await connect(address, "inventory", refused.put)
        await inventory.subscribe(subject)
        async with asyncio.timeout(5):
            told = str(await refused.get())
        await inventory.close()

    assert re.findall(r'(?i)subscription to "([^"]+)"', told) == [subject.lower()]


async def test_a_service_with_the_rights_of_another_is_told_what_it_lacks(tmp_path: Path) -> None:
    generated("shop", "deploy-nats", tmp_path)

    with server(tmp_path, users()) as address:
        transport = await open_transport(f"nats://orders:x@{address}", Settings(service="inventory"))
        with pytest.raises(TransportError, match=r"may not subscribe to _INBOX_inventory\.>"):
            await transport.receiver(topology("orders").receives[0])
        await transport.close()


async def connect(address: str, service: str, noted: Callable[[Exception], Awaitable[None]]) -> Client:
    prefix = inbox_prefix(service)
    return await nats.connect(f"nats://{service}:x@{address}", error_cb=noted, inbox_prefix=prefix)


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
