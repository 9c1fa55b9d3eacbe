"""What is particular to RabbitMQ: clear words for what is wrong, exchanges, queues, and messages that nobody takes."""

from __future__ import annotations

import asyncio
import struct
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
import pamqp.frame
import pytest
from pamqp import commands
from pamqp.header import ContentHeader
from tests.services import rabbitmq
from tests.services.certificates import self_signed
from tests.services.processes import free_ports

from eda_runtime.broker import Broker
from eda_runtime.contracts import Topology
from eda_runtime.errors import ConfigurationError, PublishError, TransportError
from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import ADDRESS, CHANNEL, KEYS, event, events, ids, policy, take, topology
from eda_runtime.transports import Outgoing, ReplayRange
from eda_runtime.transports.amqp import AmqpOptions, AmqpTransport
from eda_runtime.transports.amqp.tolerance import mended
from eda_runtime.transports.amqp.transport import connect
from eda_runtime.transports.registry import open_transport

pytestmark = pytest.mark.xdist_group("rabbitmq")


@asynccontextmanager
async def connected(url: str, **environment: str) -> AsyncIterator[AmqpTransport]:
    settings = Settings(broker_url=url, lease=timedelta(seconds=1), grace=timedelta(seconds=5))
    transport = await connect(AmqpOptions.read(url, settings, environment))
    try:
        yield transport
    finally:
        await transport.close()


async def test_without_the_client_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in tuple(sys.modules) if each.split(".")[0] == "aio_pika" or "transports.amqp" in each]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aio_pika", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'eda-runtime\[amqp\]'"):
        await open_transport("amqp://127.0.0.1:5672")


async def test_a_url_without_a_server_is_refused_with_an_example() -> None:
    with pytest.raises(ConfigurationError, match=r"amqp://host:port/vhost"):
        await open_transport("amqp:///vhost")


async def test_a_server_that_is_not_there_is_named_within_the_connect_time() -> None:
    (port,) = free_ports(1)

    async with asyncio.timeout(15):
        with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{port} cannot be reached"):
            await open_transport(f"amqp://127.0.0.1:{port}")


async def test_refused_credentials_say_which_variables_to_check_and_no_secret(rabbitmq_url: str) -> None:
    async with asyncio.timeout(15):
        with pytest.raises(ConfigurationError, match="EDA_AMQP_USERNAME, EDA_AMQP_PASSWORD") as refused:
            async with connected(rabbitmq_url, EDA_AMQP_USERNAME="guest", EDA_AMQP_PASSWORD="wr0ng-s3cret"):
                pass

    assert "wr0ng-s3cret" not in str(refused.value)


async def test_a_virtual_host_that_is_not_there_is_named(rabbitmq_url: str) -> None:
    elsewhere = urlsplit(rabbitmq_url)._replace(path="/nowhere").geturl()

    async with asyncio.timeout(15):
        with pytest.raises(ConfigurationError, match="virtual host 'nowhere'"):
            async with connected(elsewhere):
                pass


async def test_tls_is_spoken(tmp_path: Path) -> None:
    key, certificate = self_signed(tmp_path)
    (port,) = free_ports(1)
    more = f"listeners.ssl.1 = 127.0.0.1:{port}\nssl_options.certfile = {certificate}\nssl_options.keyfile = {key}\n"
    more += f"ssl_options.cacertfile = {certificate}\n"

    with rabbitmq.own_server(more=more):
        url = f"amqps://guest:guest@127.0.0.1:{port}/"
        async with connected(url, EDA_AMQP_CA_FILE=certificate) as transport:
            steps = await transport.provision(topology())
        async with asyncio.timeout(15):
            with pytest.raises(ConfigurationError, match="EDA_AMQP_CA_FILE"):
                async with connected(url):
                    pass

    assert {step.action for step in steps} == {"create"}


def test_secrets_show_nowhere_in_the_options() -> None:
    options = AmqpOptions.read("amqp://eda:s3cret@broker/shop", Settings(), {})

    assert (options.username, options.password, options.vhost) == ("eda", "s3cret", "shop")
    assert "s3cret" not in repr(options)


def test_a_file_that_cannot_be_read_is_named_with_its_variable() -> None:
    with pytest.raises(ConfigurationError, match="EDA_AMQP_CA_FILE"):
        AmqpOptions.read("amqps://broker", Settings(), {"EDA_AMQP_CA_FILE": "/nowhere/ca.pem"})


async def test_missing_queues_ask_for_provisioning(rabbitmq_url: str) -> None:
    async with connected(rabbitmq_url) as transport:
        with pytest.raises(ConfigurationError, match="does not exist: run `eda provision`"):
            await transport.receiver(policy())


async def test_a_message_that_no_queue_takes_stays_with_the_sender(rabbitmq_url: str) -> None:
    async with connected(rabbitmq_url) as transport:
        await transport.provision(Topology((CHANNEL,)))

        with pytest.raises(PublishError, match=f"no queue takes what is sent to {ADDRESS}"):
            await transport.publish([event("a", 0)])


async def test_a_queue_with_other_settings_needs_a_person(rabbitmq_url: str) -> None:
    async with connected(rabbitmq_url) as transport:
        await transport.provision(topology())
        elsewhere = replace(policy(), dead_letter=replace(policy().dead_letter, address="elsewhere.dlq"))
        steps = await transport.provision(Topology((CHANNEL,), (elsewhere,)), dry_run=True)

    conflicts = [step for step in steps if step.action == "conflict"]
    assert len(conflicts) == CHANNEL.partitions
    assert all("which only making it anew can change" in step.detail for step in conflicts)


async def test_what_is_done_with_cannot_be_read_again(rabbitmq_url: str) -> None:
    async with connected(rabbitmq_url) as transport:
        await transport.provision(topology())

        with pytest.raises(ConfigurationError, match="keeps no message that is done with"):
            await transport.receiver(policy(), ReplayRange(datetime.now(UTC) - timedelta(hours=1)))


async def test_who_only_sends_knows_the_partitions_of_its_service(rabbitmq_url: str) -> None:
    async with connected(rabbitmq_url) as transport:
        await transport.provision(topology())
        broker = Broker(Settings(broker_url=rabbitmq_url), topology())
        await broker.publish(events(KEYS, 3))
        await broker.close()

        found = await take(await transport.receiver(policy()), 3 * len(KEYS))

    assert len({delivery.partition for delivery in found}) > 1


async def test_attributes_are_read_by_the_other_prefix_of_the_binding_too(rabbitmq_url: str) -> None:
    headers = {"specversion": "1.0", "id": "7", "source": "/jms", "type": "sales.OrderPlaced.v1"}
    written = aio_pika.Message(b"{}", headers={f"cloudEvents_{name}": value for name, value in headers.items()})
    async with connected(rabbitmq_url) as transport, await aio_pika.connect(rabbitmq_url) as other:
        await transport.provision(topology())
        channel = await other.channel()
        await (await channel.get_exchange(ADDRESS)).publish(written, "p0")

        (found,) = await take(await transport.receiver(policy()), 1)

    assert ids([found]) == ["7"]


async def test_what_is_given_back_again_and_again_is_no_dead_letter_and_keeps_its_order(rabbitmq_url: str) -> None:
    """As while the service's database is away; RabbitMQ's own limit would be 20 deliveries."""
    async with connected(rabbitmq_url) as transport:
        await transport.provision(topology())
        await transport.publish([event("a", number) for number in range(5)])
        for _ in range(25):
            receiver = await transport.receiver(policy())
            await take(receiver, 2, acknowledge=False)
            await receiver.close()

        found = await take(await transport.receiver(policy()), 5)

    assert ids(found) == [f"a/{number}" for number in range(5)]


async def test_operations_that_share_a_group_have_queues_of_their_own(rabbitmq_url: str) -> None:
    returns = replace(CHANNEL, name="returns", address="sales.returns")
    second = replace(policy(), operation="onOrderReturned", channel=returns)
    async with connected(rabbitmq_url) as transport:
        await transport.provision(Topology((CHANNEL, returns), (policy(), second)))
        await transport.publish([event("a", 0), Outgoing("sales.returns", event("a", 1).envelope)])

        found = [await take(await transport.receiver(each), 1) for each in (policy(), second)]

    assert [ids(each) for each in found] == [["a/0"], ["a/1"]]


async def test_who_knows_nothing_of_an_address_sends_to_its_partitions(rabbitmq_url: str) -> None:
    """As a service does whose relay shares its database with another's, and sends that one's messages."""
    async with connected(rabbitmq_url) as transport, connected(rabbitmq_url) as other:
        await transport.provision(topology())
        await transport.publish(events(KEYS, 1))
        await other.publish(events(KEYS, 2)[len(KEYS) :])

        found = await take(await transport.receiver(policy()), 2 * len(KEYS))

    assert len(found) == 2 * len(KEYS)
    assert len({(each.key, each.partition) for each in found}) == len(KEYS)


async def test_provisioning_adds_partitions_only_when_told_to(rabbitmq_url: str) -> None:
    fewer = replace(CHANNEL, partitions=2)
    async with connected(rabbitmq_url) as transport:
        await transport.provision(Topology((fewer,), (replace(policy(), channel=fewer),)))
        refused = await transport.provision(topology())
    async with connected(rabbitmq_url, EDA_AMQP_GROW_PARTITIONS="1") as transport:
        grown = await transport.provision(topology())
        again = await transport.provision(topology())

    assert [(step.action, "keys move" in step.detail) for step in refused if step.action != "exists"] == [
        ("conflict", True)
    ]
    assert {step.what for step in grown if step.action == "create"} == {
        f"{kind}.p{number}" for kind in (f"exchange {ADDRESS}", "queue billing") for number in (2, 3)
    }
    assert {step.action for step in again} == {"exists"}


async def test_a_group_reads_all_partitions_that_there_are(rabbitmq_url: str) -> None:
    fewer = replace(policy("shipping"), channel=replace(CHANNEL, partitions=2))
    async with connected(rabbitmq_url) as transport:
        await transport.provision(Topology((CHANNEL,)))
        steps = await transport.provision(Topology((), (fewer,)))
        await transport.publish(events(KEYS, 1))

        found = await take(await transport.receiver(fewer), len(KEYS))

    assert "conflict" not in {step.action for step in steps}
    assert {each.partition for each in found} == {0, 1, 2, 3}


def table(*entries: tuple[bytes, bytes]) -> bytes:
    """Names, and values behind their types, as AMQP writes them."""
    written = b"".join(bytes([len(name)]) + name + value for name, value in entries)
    return struct.pack(">I", len(written)) + written


def text(value: bytes) -> bytes:
    return b"S" + struct.pack(">I", len(value)) + value


def nested(levels: int) -> bytes:
    value = b"V"
    for _ in range(levels):
        value = b"A" + struct.pack(">I", len(value)) + value
    return value


ATTRIBUTES = tuple(
    (b"cloudEvents:" + name, text(value))
    for name, value in ((b"specversion", b"1.0"), (b"id", b"7"), (b"source", b"/x"), (b"type", b"sales.OrderPlaced.v1"))
)
CONTENT_TYPE, HEADERS, MESSAGE_ID, TIMESTAMP = 1 << 15, 1 << 13, 1 << 7, 1 << 6
ILLEGIBLE = {
    "a time in microseconds": (HEADERS | TIMESTAMP, table(*ATTRIBUTES) + struct.pack(">Q", 1764043700123456)),
    "a time in nanoseconds": (HEADERS | TIMESTAMP, table(*ATTRIBUTES) + struct.pack(">Q", 1764043700123456789)),
    "the last of all times": (HEADERS | TIMESTAMP, table(*ATTRIBUTES) + struct.pack(">Q", 2**64 - 1)),
    "a header of a time far away": (HEADERS, table((b"when", b"T" + struct.pack(">Q", 2**62)), *ATTRIBUTES)),
    "a header whose name is no text": (HEADERS, table((b"\xff\xfe", text(b"x")), *ATTRIBUTES)),
    "a type of content that is no text": (CONTENT_TYPE | HEADERS, b"\x02\xff\xfe" + table(*ATTRIBUTES)),
    "an id that is no text": (HEADERS | MESSAGE_ID, table(*ATTRIBUTES) + b"\x01\xff"),
    "a header of lists in lists": (HEADERS, table(*ATTRIBUTES, (b"deep", nested(2000)))),
    "a header of just too many lists": (HEADERS, table(*ATTRIBUTES, (b"deep", nested(470)))),
}


class Raw(commands.Basic.Properties):
    """Properties that are sent as they are."""

    def __init__(self, flags: int, written: bytes) -> None:
        super().__init__()
        self.raw = struct.pack(">H", flags) + written

    def marshal(self) -> bytes:
        return self.raw


@pytest.mark.parametrize(("flags", "written"), ILLEGIBLE.values(), ids=ILLEGIBLE)
async def test_what_the_client_cannot_read_of_a_message_is_left_out(
    rabbitmq_url: str, flags: int, written: bytes
) -> None:
    async with connected(rabbitmq_url) as transport, await aio_pika.connect(rabbitmq_url) as other:
        await transport.provision(topology())
        wire = await (await other.channel()).get_underlay_channel()
        for properties in (Raw(flags, written), Raw(HEADERS, table(*ATTRIBUTES))):
            await wire.basic_publish(b'{"a": 1}', exchange=ADDRESS, routing_key="p0", properties=properties)

        found = await take(await transport.receiver(policy()), 2)

    assert [(each.body, each.problem) for each in found] == [(b'{"a": 1}', None)] * 2
    assert ids(found) == ["7", "7"]


def test_a_routing_key_that_is_no_text_loses_what_is_none() -> None:
    name = b"\x03p\xff0"
    payload = struct.pack(">HH", 60, 60) + b"\x01c" + struct.pack(">Q", 5) + b"\0" + b"\x01x" + name
    frame = struct.pack(">BHI", 1, 3, len(payload)) + payload + b"\xce"

    _, channel, found = pamqp.frame.unmarshal(mended(frame))

    assert isinstance(found, commands.Basic.Deliver)
    assert (channel, found.delivery_tag, found.exchange, found.routing_key) == (3, 5, "x", "p0")


def test_properties_that_make_no_sense_are_left_out_altogether() -> None:
    payload = struct.pack(">HHQH", 60, 0, 8, HEADERS | TIMESTAMP | 1) + b"\xff" * 9
    frame = struct.pack(">BHI", 2, 3, len(payload)) + payload + b"\xce"

    _, _, found = pamqp.frame.unmarshal(mended(frame))

    assert isinstance(found, ContentHeader)
    assert (found.body_size, found.properties.headers) == (8, None)
