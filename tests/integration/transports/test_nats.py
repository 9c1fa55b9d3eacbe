"""What is particular to NATS: clear words for what is wrong, streams, partitions, resends, and deliveries that go astray."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import nats as client
import pytest
from nats.js.api import StreamConfig
from tests.faults.proxy import running_proxy
from tests.services import nats
from tests.services.certificates import self_signed
from tests.services.processes import free_ports

from eda_runtime.contracts import ChannelContract, DeadLetterPolicy, ReceivePolicy, Topology
from eda_runtime.errors import ConfigurationError, PublishError, TransportError
from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import ADDRESS, CHANNEL, KEYS, event, events, ids, policy, rest, take, topology
from eda_runtime.transports import Outgoing, ReplayRange
from eda_runtime.transports.nats import NatsOptions, NatsTransport, feed
from eda_runtime.transports.nats.connection import Connection
from eda_runtime.transports.nats.transport import connect
from eda_runtime.transports.registry import open_transport

pytestmark = pytest.mark.xdist_group("nats")
STREAM = "sales_orders"


@asynccontextmanager
async def connected(url: str, **environment: str) -> AsyncIterator[NatsTransport]:
    settings = Settings(broker_url=url, lease=timedelta(seconds=1), grace=timedelta(seconds=5))
    transport = await connect(NatsOptions.read(url, settings, environment))
    try:
        yield transport
    finally:
        await transport.close()


async def subjects_of(url: str, stream: str) -> list[str]:
    async with await client.connect(url) as raw:
        info = await raw.jsm().stream_info(stream)
        return list(info.config.subjects or ())


async def test_an_idle_group_waits_without_being_reset(
    nats_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(feed, "PULL_SECONDS", 2.0)
    caplog.set_level(logging.INFO)
    async with connected(nats_url) as transport:
        await transport.provision(topology())
        receiver = await transport.receiver(policy())
        assert list(await receiver.poll(10, 5.0)) == []
        await transport.publish([event("a", 0)])

        assert ids(await take(receiver, 1)) == ["a/0"]

    assert "is reset" not in caplog.text


async def test_without_the_client_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in tuple(sys.modules) if each.split(".")[0] == "nats" or "transports.nats" in each]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nats", None)

    with pytest.raises(ConfigurationError, match=r"pip install 'eda-runtime\[nats\]'"):
        await open_transport("nats://127.0.0.1:4222")


async def test_a_url_without_a_port_is_refused_with_an_example() -> None:
    with pytest.raises(ConfigurationError, match=r"nats://host:port"):
        await open_transport("nats://broker")


async def test_a_server_that_is_not_there_is_named_within_the_connect_time() -> None:
    (port,) = free_ports(1)

    async with asyncio.timeout(15):
        with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{port} cannot be reached"):
            await open_transport(f"nats://127.0.0.1:{port}")


async def test_a_server_without_jetstream_is_told_of(tmp_path: Path) -> None:
    with nats.own_server(jetstream=False) as server:
        async with connected(server.url) as transport:
            with pytest.raises(TransportError, match="is JetStream on"):
                await transport.provision(topology())


async def test_refused_credentials_say_which_variables_to_check_and_no_secret() -> None:
    with nats.own_server(more="authorization { user: eda, password: right }") as server:
        async with connected(server.url, EDA_NATS_USERNAME="eda", EDA_NATS_PASSWORD="right") as transport:
            await transport.provision(topology())

        async with asyncio.timeout(5):
            with pytest.raises(ConfigurationError, match="EDA_NATS_PASSWORD") as refused:
                async with connected(server.url, EDA_NATS_USERNAME="eda", EDA_NATS_PASSWORD="wr0ng-s3cret"):
                    pass

    assert "wr0ng-s3cret" not in str(refused.value)


async def test_tls_is_spoken_with_our_own_certificate(tmp_path: Path) -> None:
    key, certificate = self_signed(tmp_path)
    more = f'tls {{ cert_file: "{certificate}", key_file: "{key}", ca_file: "{certificate}", verify: true }}'
    files = {"EDA_NATS_CERTIFICATE_FILE": certificate, "EDA_NATS_KEY_FILE": key}

    with nats.own_server(more=more) as server:
        async with connected(server.url, EDA_NATS_CA_FILE=certificate, **files) as transport:
            steps = await transport.provision(topology())
        async with asyncio.timeout(5):
            with pytest.raises(ConfigurationError, match=r"certificate verify failed.* EDA_NATS_CA_FILE"):
                async with connected(server.url, EDA_NATS_TLS="1"):
                    pass

    assert {step.action for step in steps} == {"create"}


def test_secrets_show_nowhere_in_the_options() -> None:
    options = NatsOptions.read("nats://eda:s3cret@broker:4222", Settings(), {"EDA_NATS_TOKEN": "hidden"})

    assert (options.login.user, options.login.password, options.login.token) == ("eda", "s3cret", "hidden")
    assert "s3cret" not in repr(options)
    assert "hidden" not in repr(options)


def test_a_file_that_cannot_be_read_is_named_with_its_variable() -> None:
    with pytest.raises(ConfigurationError, match="EDA_NATS_CA_FILE"):
        NatsOptions.read("nats://broker:4222", Settings(), {"EDA_NATS_CA_FILE": "/nowhere/ca.pem"})


async def test_a_missing_stream_asks_for_provisioning(nats_url: str) -> None:
    async with connected(nats_url) as transport:
        with pytest.raises(ConfigurationError, match=f"{ADDRESS} does not exist: run `eda provision`"):
            await transport.receiver(policy())


async def test_a_missing_consumer_asks_for_provisioning(nats_url: str) -> None:
    async with connected(nats_url) as transport:
        await transport.provision(topology("billing"))
        with pytest.raises(ConfigurationError, match=r"consumer shipping_p0 .* does not exist: run `eda provision`"):
            await transport.receiver(policy("shipping"))


async def test_a_stream_with_fewer_partitions_than_the_spec_is_refused(nats_url: str) -> None:
    async with connected(nats_url) as transport:
        await transport.provision(Topology((replace(CHANNEL, partitions=2),)))
        with pytest.raises(ConfigurationError, match="has 2 partitions and the spec says 4"):
            await transport.receiver(policy())


async def test_provisioning_adds_partitions_only_when_told_to(nats_url: str) -> None:
    async with connected(nats_url) as transport:
        await transport.provision(Topology((replace(CHANNEL, partitions=2),)))
        refused, *_ = await transport.provision(topology())
    before = await subjects_of(nats_url, STREAM)

    async with connected(nats_url, EDA_NATS_GROW_PARTITIONS="1") as transport:
        grown, *_ = await transport.provision(topology())

    assert (refused.action, len(before)) == ("conflict", 2)
    assert "keys move" in refused.detail
    assert (grown.action, await subjects_of(nats_url, STREAM)) == ("change", [f"{ADDRESS}.p{n}" for n in range(4)])


async def test_provisioning_never_takes_partitions_away(nats_url: str) -> None:
    async with connected(nats_url, EDA_NATS_GROW_PARTITIONS="1") as transport:
        await transport.provision(Topology((replace(CHANNEL, partitions=6),)))
        step, *_ = await transport.provision(topology())

    assert (step.action, len(await subjects_of(nats_url, STREAM))) == ("conflict", 6)


async def test_provisioning_lengthens_the_retention_and_never_shortens_it(nats_url: str) -> None:
    def keeping(days: int) -> Topology:
        return Topology((replace(CHANNEL, retention=timedelta(days=days)),))

    async with connected(nats_url) as transport:
        steps = [(await transport.provision(keeping(days)))[0] for days in (7, 30, 7, 30)]

    assert [step.action for step in steps] == ["create", "change", "exists", "exists"]
    assert [step.detail for step in steps[1:]] == [
        "retention becomes 30 days",
        "4 partition(s), keeps longer: 30 days",
        "4 partition(s)",
    ]


@pytest.mark.parametrize("grow", ["", "1"])
async def test_a_stream_that_keeps_its_messages_for_ever_goes_on_doing_so(nats_url: str, grow: str) -> None:
    subjects = [f"{ADDRESS}.p{number}" for number in range(2 if grow else 4)]
    async with await client.connect(nats_url) as raw:
        await raw.jsm().add_stream(StreamConfig(name=STREAM, subjects=subjects, max_age=0))

    async with connected(nats_url, EDA_NATS_GROW_PARTITIONS=grow) as transport:
        await transport.provision(Topology((CHANNEL,)))
        (step,) = await transport.provision(Topology((CHANNEL,)))

    async with await client.connect(nats_url) as raw:
        config = (await raw.jsm().stream_info(STREAM)).config
    assert (step.action, step.detail) == ("exists", "4 partition(s), keeps longer: for ever")
    assert (len(config.subjects or ()), config.max_age) == (4, 0)


async def test_an_address_that_cannot_be_a_subject_is_refused_by_name(nats_url: str) -> None:
    wrong = ReceivePolicy("on", "billing", ChannelContract("wrong", "sales.>"), DeadLetterPolicy("dlq"))

    async with connected(nats_url) as transport:
        with pytest.raises(ConfigurationError, match=r"'sales\.>' cannot be a NATS subject"):
            await transport.receiver(wrong)
        with pytest.raises(PublishError, match=r"'sales\.>' cannot be a NATS subject"):
            await transport.publish([Outgoing("sales.>", event("a", 0).envelope)])


async def test_an_address_with_parameters_is_one_stream(nats_url: str) -> None:
    channel = ChannelContract("orders", "orders.{region}.placed", partitions=2)
    reading = ReceivePolicy("on", "billing", channel, DeadLetterPolicy("dlq"))

    async with connected(nats_url) as transport:
        await transport.provision(Topology((channel,), (reading,)))
        sent = [Outgoing(f"orders.{region}.placed", event(region, 0).envelope) for region in ("eu", "us")]
        await transport.publish(sent)
        found = await take(await transport.receiver(reading), 2)

    assert {(each.address, each.key) for each in found} == {("orders.eu.placed", "eu"), ("orders.us.placed", "us")}


async def test_a_cancellation_counts_though_an_answer_comes_at_the_same_time(nats_url: str) -> None:
    async def ask_for_ever(connection: Connection) -> None:
        while True:
            await connection.ask("INFO")

    connection = Connection(NatsOptions.read(nats_url, Settings(), {}))
    await connection.open()
    for number in range(100):
        asking = asyncio.create_task(ask_for_ever(connection))
        await asyncio.sleep(number % 10 / 2000)
        asking.cancel()
        await asyncio.wait({asking}, timeout=5)
        assert asking.cancelled()
    await connection.close()


@pytest.mark.parametrize(("year", "count"), [(1, 3), (2262, 0), (2263, 0), (9999, 0)])
async def test_a_replay_may_start_at_any_time(nats_url: str, year: int, count: int) -> None:
    async with connected(nats_url) as transport:
        await transport.provision(topology())
        await transport.publish(events(["a"], 3))

        replay = await transport.receiver(policy(), ReplayRange(datetime(year, 6, 1, tzinfo=UTC)))

        assert len(await rest(replay)) == count
        await replay.close()


async def test_what_is_sent_again_is_dropped_and_what_only_looks_so_is_kept(nats_url: str) -> None:
    message = event("a", 0)
    namesake = Outgoing(ADDRESS, replace(message.envelope, source="/others"))
    letter = Outgoing(ADDRESS, replace(message.envelope, extensions={"edagroup": "billing"}))

    async with connected(nats_url) as transport:
        await transport.provision(topology())
        for each in (message, message, namesake, letter, letter):
            await transport.publish([each])
        found = await rest(await transport.receiver(policy()))

    assert [each.envelope for each in found] == [message.envelope, namesake.envelope, letter.envelope]


async def test_headers_that_exceed_the_servers_limit_are_refused_by_name_and_hold_up_their_key_alone(
    nats_url: str,
) -> None:
    large = event("a", 0, b"x" * 1_000_000)
    large = Outgoing(ADDRESS, replace(large.envelope, extensions={"note": "y" * 50_000}))
    later, other = event("a", 1), event("b", 0)

    async with connected(nats_url) as transport:
        await transport.provision(topology())
        with pytest.raises(PublishError, match="max_payload") as refused:
            await transport.publish([large, later, other])
        found = await rest(await transport.receiver(policy()))

    assert list(refused.value.unacknowledged) == [large, later]
    assert ids(found) == ["b/0"]


async def test_deliveries_that_went_to_somebody_else_come_again_in_order(nats_url: str) -> None:
    async with connected(nats_url) as transport, await client.connect(nats_url) as thief:
        await transport.provision(topology())
        receiver = await transport.receiver(policy())
        inbox = thief.new_inbox()
        await thief.subscribe(inbox)
        for number in range(4):
            request = json.dumps({"batch": 7, "expires": 2_000_000_000}).encode()
            await thief.publish(f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.billing_p{number}", request, inbox)
        await thief.flush()

        await transport.publish(events(KEYS[:4], 10))
        found = await take(receiver, 40)

    assert sorted(ids(found)) == sorted(f"{key}/{number}" for key in KEYS[:4] for number in range(10))
    assert [ids([each for each in found if each.key == key]) for key in KEYS[:4]] == [
        [f"{key}/{number}" for number in range(10)] for key in KEYS[:4]
    ]


async def test_a_full_hand_is_taken_up_again_when_it_empties(nats_url: str) -> None:
    async with connected(nats_url) as transport:
        await transport.provision(topology())
        await transport.publish([event(f"k{number}", number) for number in range(5_000)])
        receiver = await transport.receiver(policy())
        await asyncio.sleep(0.5)

        found = await take(receiver, 5_000)

    assert len(set(ids(found))) == len(found) == 5_000


async def test_what_a_slow_handler_has_in_hand_does_not_come_twice(nats_url: str) -> None:
    async with connected(nats_url) as transport, await client.connect(nats_url) as raw:
        await transport.provision(topology())
        for number in range(4):
            config = (await raw.jsm().consumer_info(STREAM, f"billing_p{number}")).config
            await raw.jsm().add_consumer(STREAM, replace(config, ack_wait=0.5))
        await transport.publish(events(KEYS, 5))
        receiver = await transport.receiver(policy())
        found = await take(receiver, 30, acknowledge=False)

        await asyncio.sleep(1.5)
        await receiver.acknowledge(found)
        found += await rest(receiver)
        (lag,) = await transport.lag(topology())

    assert len(ids(found)) == len(set(ids(found))) == 60
    assert lag.messages == 0


async def test_a_consumer_that_is_deleted_while_it_is_read_is_told_of(nats_url: str) -> None:
    async with connected(nats_url) as transport, await client.connect(nats_url) as raw:
        await transport.provision(topology())
        receiver = await transport.receiver(policy())
        await raw.jsm().delete_consumer(STREAM, "billing_p0")

        with pytest.raises(TransportError, match="run `eda provision`"):
            await receiver.poll(1, 10)


async def test_a_worker_that_vanishes_is_replaced_and_what_it_had_comes_first(nats_url: str) -> None:
    (port,) = free_ports(1)
    async with (
        running_proxy(port, int(nats_url.rpartition(":")[2])) as proxy,
        connected(f"nats://127.0.0.1:{port}") as transport,
        connected(nats_url) as other,
    ):
        await transport.provision(topology())
        await transport.publish([event("a", number) for number in range(10)])
        await take(await transport.receiver(policy()), 5, acknowledge=False)
        cut = asyncio.create_task(proxy.cut(60))

        found = await take(await other.receiver(policy()), 10)
        proxy.drop()
        cut.cancel()

    assert ids(found) == [f"a/{number}" for number in range(10)]


async def send_raw(url: str, subject: str, headers: bytes, body: bytes) -> None:
    """As a client does that writes whatever it likes for headers."""
    server = urlsplit(url)
    reader, writer = await asyncio.open_connection(server.hostname, server.port)
    await reader.readline()
    writer.write(b'CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\n')
    writer.write(f"HPUB {subject} {len(headers)} {len(headers + body)}\r\n".encode() + headers + body + b"\r\nPING\r\n")
    assert await reader.readline() == b"PONG\r\n"
    writer.close()


async def test_a_message_whose_headers_the_client_cannot_read_comes_without_them(nats_url: str) -> None:
    async with connected(nats_url) as transport:
        await transport.provision(topology())
        await send_raw(nats_url, f"{ADDRESS}.p0", b"NATS/1.0", b"{}")
        await transport.publish(events(KEYS, 1))

        found = await take(await transport.receiver(policy()), 1 + len(KEYS))
        (lag,) = await transport.lag(topology())

    assert [each.body for each in found if each.problem] == [b"{}"]
    assert len(found) == 1 + len(KEYS)
    assert lag.messages == 0
