"""What is particular to Redis: clear words for what is wrong, channels, retention, and positions that only an owner moves."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from redis.asyncio import Redis
from tests.faults.proxy import running_proxy
from tests.services import redis
from tests.services.certificates import self_signed
from tests.services.processes import free_ports

from eda_runtime.contracts import ChannelContract, DeadLetterPolicy, ReceivePolicy, Topology
from eda_runtime.errors import ConfigurationError, PublishError, TransportError
from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import ADDRESS, CHANNEL, KEYS, event, events, ids, policy, rest, take, topology
from eda_runtime.transports import Outgoing, ReplayRange
from eda_runtime.transports.redis import RedisOptions, RedisTransport
from eda_runtime.transports.redis.connection import open_client
from eda_runtime.transports.redis.names import stream_key
from eda_runtime.transports.redis.register import HashRegister
from eda_runtime.transports.redis.transport import connect
from eda_runtime.transports.registry import open_transport
from eda_runtime.transports.times import LATEST

pytestmark = pytest.mark.xdist_group("redis")


@asynccontextmanager
async def connected(url: str, **environment: str) -> AsyncIterator[RedisTransport]:
    settings = Settings(broker_url=url, lease=timedelta(seconds=1), grace=timedelta(seconds=5))
    transport = await connect(RedisOptions.read(url, settings, environment))
    try:
        yield transport
    finally:
        await transport.close()


async def lengths(url: str) -> int:
    """Messages in all partitions of the suite's channel."""
    async with Redis.from_url(url) as client:
        return sum([await client.xlen(stream_key(ADDRESS, number)) for number in range(CHANNEL.partitions)])


async def test_without_the_client_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in tuple(sys.modules) if each.split(".")[0] == "redis" or "transports.redis" in each]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("redis", "redis.asyncio"):  # connections that are collected meanwhile import it again
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(ConfigurationError, match=r"pip install 'eda-runtime\[redis\]'"):
        await open_transport("redis://127.0.0.1:6379")


@pytest.mark.parametrize("url", ["redis:///0", "redis://host:6379/none", "redis://h/²", "redis://h1:1,h2:2"])
async def test_a_url_without_a_server_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"redis://host:port"):
        await open_transport(url)


async def test_a_server_that_is_not_there_is_named_within_the_connect_time() -> None:
    (port,) = free_ports(1)

    async with asyncio.timeout(15):
        with pytest.raises(TransportError, match=rf"127\.0\.0\.1:{port} cannot be reached"):
            await open_transport(f"redis://127.0.0.1:{port}")


async def test_refused_credentials_say_which_variables_to_check_and_no_secret() -> None:
    with redis.own_server(None, "--requirepass", "right") as server:
        async with connected(server.url, EDA_REDIS_PASSWORD="right") as transport:
            await transport.provision(topology())

        async with asyncio.timeout(5):
            for environment in ({"EDA_REDIS_PASSWORD": "wr0ng-s3cret"}, {}):
                with pytest.raises(ConfigurationError, match="EDA_REDIS_PASSWORD") as refused:
                    async with connected(server.url, **environment):
                        pass

    assert "wr0ng-s3cret" not in str(refused.value)


async def test_tls_is_spoken_with_our_own_certificate(tmp_path: Path) -> None:
    key, certificate = self_signed(tmp_path)
    files = {"EDA_REDIS_CERTIFICATE_FILE": certificate, "EDA_REDIS_KEY_FILE": key}
    (port,) = free_ports(1)
    tls = ("--tls-port", str(port), "--tls-cert-file", certificate, "--tls-key-file", key)

    with redis.own_server(None, *tls, "--tls-ca-cert-file", certificate):
        url = f"rediss://127.0.0.1:{port}"
        async with connected(url, EDA_REDIS_CA_FILE=certificate, **files) as transport:
            steps = await transport.provision(topology())
            await transport.publish([event("a", 0)])
        async with asyncio.timeout(5):
            with pytest.raises(ConfigurationError, match="EDA_REDIS_CA_FILE"):
                async with connected(url, **files):
                    pass

    assert {step.action for step in steps} == {"create"}


def test_secrets_show_nowhere_in_the_options() -> None:
    options = RedisOptions.read("rediss://eda:s3cret@broker", Settings(), {"EDA_REDIS_KEY_PASSWORD": "hidden"})

    assert (options.user, options.password, options.port) == ("eda", "s3cret", 6379)
    assert "s3cret" not in repr(options)
    assert "hidden" not in repr(options)


@pytest.mark.parametrize("replicas", ["many", "²", "-1", "9" * 5000])
def test_replicas_that_are_no_number_are_named_with_their_variable(replicas: str) -> None:
    with pytest.raises(ConfigurationError, match="EDA_REDIS_REPLICAS must be a number"):
        RedisOptions.read("redis://broker", Settings(), {"EDA_REDIS_REPLICAS": replicas})


def test_a_file_that_cannot_be_read_is_named_with_its_variable() -> None:
    with pytest.raises(ConfigurationError, match="EDA_REDIS_CA_FILE"):
        RedisOptions.read("rediss://broker", Settings(), {"EDA_REDIS_CA_FILE": "/nowhere/ca.pem"})


async def test_a_server_that_forgets_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)

    with redis.own_server(None, "--appendonly", "no", "--maxmemory-policy", "allkeys-lru") as server:
        async with connected(server.url):
            pass

    assert "set noeviction" in caplog.text
    assert "set appendonly yes" in caplog.text


async def test_the_rights_in_the_documentation_are_all_that_is_needed(redis_url: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "brokers.md").read_text("utf-8")
    rules = re.findall(r"ACL SETUSER (.+?)(?=\nACL|\n```)", text, re.DOTALL)
    async with Redis.from_url(redis_url) as client:
        for rule in rules:
            await client.execute_command("ACL", "SETUSER", *rule.replace(">…", ">secret").split())  # type: ignore[no-untyped-call]

    secret = {"EDA_REDIS_PASSWORD": "secret"}
    async with connected(redis_url, EDA_REDIS_USERNAME="provisioner", **secret) as provisioner:
        await provisioner.provision(topology())
    async with connected(redis_url, EDA_REDIS_USERNAME="orders", **secret) as transport:
        seen = await transport.provision(topology(), dry_run=True)
        await transport.publish(events(KEYS, 1))
        found = await rest(await transport.receiver(policy()))
        replayed = await rest(await transport.receiver(policy(), ReplayRange(found[0].appended_at)))
        (lag,) = await transport.lag(topology())
        await asyncio.sleep(0.01)
        deleted = await transport.purge(timedelta())
        with pytest.raises(TransportError, match="no permissions"):
            await transport.provision(topology("others"))
    async with Redis.from_url(redis_url) as client:
        await client.execute_command("ACL", "DELUSER", "orders", "provisioner")  # type: ignore[no-untyped-call]

    assert {step.action for step in seen} == {"exists"}
    assert (len(found), len(replayed), lag.messages, deleted) == (12, 12, 0, 12)


async def test_a_missing_channel_asks_for_provisioning(redis_url: str) -> None:
    async with connected(redis_url) as transport:
        with pytest.raises(ConfigurationError, match=f"{ADDRESS} does not exist: run `eda provision`"):
            await transport.receiver(policy())


async def test_a_missing_group_asks_for_provisioning(redis_url: str) -> None:
    async with connected(redis_url) as transport:
        await transport.provision(topology("billing"))
        with pytest.raises(ConfigurationError, match="group shipping does not exist"):
            await transport.receiver(policy("shipping"))


async def test_a_channel_with_fewer_partitions_than_the_spec_is_refused(redis_url: str) -> None:
    async with connected(redis_url) as transport:
        await transport.provision(Topology((replace(CHANNEL, partitions=2),)))
        with pytest.raises(ConfigurationError, match="has 2 partitions and the spec says 4"):
            await transport.receiver(policy())


async def test_provisioning_adds_partitions_only_when_told_to_and_for_all_groups(redis_url: str) -> None:
    fewer = replace(CHANNEL, partitions=2)
    async with connected(redis_url) as transport:
        await transport.provision(Topology((fewer,), (replace(policy("shipping"), channel=fewer),)))
        refused, *_ = await transport.provision(topology())

    async with connected(redis_url, EDA_REDIS_GROW_PARTITIONS="1") as transport:
        grown, *_ = await transport.provision(topology())
        await transport.publish(events(KEYS, 1))
        found = await take(await transport.receiver(policy("shipping")), len(KEYS))

    assert (refused.action, grown.action) == ("conflict", "change")
    assert "keys move" in refused.detail
    assert {each.partition for each in found} == {0, 1, 2, 3}


async def test_provisioning_never_takes_partitions_away(redis_url: str) -> None:
    async with connected(redis_url, EDA_REDIS_GROW_PARTITIONS="1") as transport:
        await transport.provision(Topology((replace(CHANNEL, partitions=6),)))
        step, *_ = await transport.provision(topology())

    assert step.action == "conflict"


async def test_provisioning_lengthens_the_retention_and_never_shortens_it(redis_url: str) -> None:
    def keeping(days: int) -> Topology:
        return Topology((replace(CHANNEL, retention=timedelta(days=days)),))

    async with connected(redis_url) as transport:
        steps = [(await transport.provision(keeping(days)))[0] for days in (7, 30, 7, 30)]

    assert [step.action for step in steps] == ["create", "change", "exists", "exists"]
    assert [step.detail for step in steps[1:]] == [
        "retention becomes 30 days",
        "4 partition(s), keeps longer: 30 days",
        "4 partition(s)",
    ]


async def test_a_channel_that_gets_partitions_keeps_its_messages_as_long_as_before(redis_url: str) -> None:
    longer = replace(CHANNEL, partitions=2, retention=timedelta(days=30))

    async with connected(redis_url, EDA_REDIS_GROW_PARTITIONS="1") as transport:
        await transport.provision(Topology((longer,)))
        steps = [(await transport.provision(Topology((CHANNEL,))))[0] for _ in range(2)]

    assert [step.action for step in steps] == ["change", "exists"]
    assert steps[1].detail == "4 partition(s), keeps longer: 30 days"


async def test_an_address_with_parameters_is_one_channel(redis_url: str) -> None:
    channel = ChannelContract("orders", "orders.{region}.placed", partitions=2)
    reading = ReceivePolicy("on", "billing", channel, DeadLetterPolicy("dlq"))

    async with connected(redis_url) as transport:
        await transport.provision(Topology((channel,), (reading,)))
        sent = [Outgoing(f"orders.{region}.placed", event(region, 0).envelope) for region in ("eu", "us")]
        await transport.publish(sent)
        found = await take(await transport.receiver(reading), 2)

    assert {(each.address, each.key) for each in found} == {("orders.eu.placed", "eu"), ("orders.us.placed", "us")}


async def test_a_cancellation_counts_though_something_is_sent_at_the_same_time(redis_url: str) -> None:
    async def ask_for_ever(register: HashRegister) -> None:
        while True:
            await register.read()

    client = await open_client(RedisOptions.read(redis_url, Settings(), {}))
    for number in range(100):
        asking = asyncio.create_task(ask_for_ever(HashRegister(client, "ledger")))
        await asyncio.sleep(number % 10 / 2000)
        asking.cancel()
        await asyncio.wait({asking}, timeout=5)
        assert asking.cancelled()
    await client.aclose()


async def test_purging_keeps_what_some_group_has_not_acknowledged(redis_url: str) -> None:
    async with connected(redis_url) as transport:
        await transport.provision(topology("billing", "shipping"))
        await transport.publish(events(KEYS, 2))
        await rest(await transport.receiver(policy("billing")))
        await take(await transport.receiver(policy("shipping")), 10)
        await asyncio.sleep(0.01)

        deleted = await transport.purge(timedelta())
        (lag,) = await transport.lag(topology("shipping"))

    assert (deleted, await lengths(redis_url), lag.messages) == (10, 14, 14)


async def test_purging_keeps_what_is_younger_than_the_retention(redis_url: str) -> None:
    async with connected(redis_url) as transport:
        await transport.provision(topology())
        await transport.publish(events(KEYS, 2))
        await rest(await transport.receiver(policy()))

        assert await transport.purge() == 0
        assert await transport.purge(timedelta(minutes=1)) == 0

    assert await lengths(redis_url) == 24


async def test_purging_deletes_unread_messages_only_when_told_to(redis_url: str) -> None:
    async with connected(redis_url) as transport:
        await transport.provision(topology())
        await transport.publish(events(KEYS, 2))
        await asyncio.sleep(0.01)

        deleted = await transport.purge(timedelta(), unread=True)
        await transport.publish([event("a", 7)])
        (lag,) = await transport.lag(topology())
        found = await rest(await transport.receiver(policy()))

    assert (deleted, lag.messages, ids(found)) == (24, 1, ["a/7"])


async def test_a_worker_that_was_replaced_moves_no_position(redis_url: str) -> None:
    (port,) = free_ports(1)
    async with (
        running_proxy(port, int(redis_url.rpartition(":")[2])) as proxy,
        connected(f"redis://127.0.0.1:{port}") as transport,
        connected(redis_url) as other,
    ):
        await transport.provision(topology())
        await transport.publish([event("a", number) for number in range(10)])
        cut_off = await transport.receiver(policy())
        early = await take(cut_off, 10, acknowledge=False)
        cut = asyncio.create_task(proxy.cut(2.5))

        found = await take(await other.receiver(policy()), 10, acknowledge=False)
        await cut
        await cut_off.acknowledge(early)
        (lag,) = await other.lag(topology())

    assert ids(found) == ids(early) == [f"a/{number}" for number in range(10)]
    assert lag.messages == 10


async def test_streams_that_vanish_while_they_are_read_are_told_of(redis_url: str) -> None:
    async with connected(redis_url) as transport:
        await transport.provision(topology())
        receiver = await transport.receiver(policy())
        redis.clear(redis_url)

        with pytest.raises(TransportError, match="run `eda provision`"):
            await receiver.poll(1, 10)


async def test_messages_that_too_few_replicas_have_are_not_taken_for_sent(redis_url: str) -> None:
    async with connected(redis_url, EDA_REDIS_REPLICAS="1") as transport:
        await transport.provision(topology())

        with pytest.raises(PublishError, match="0 of 1 replicas"):
            await transport.publish([event("a", 0)])


async def test_an_entry_of_a_time_that_there_is_not_is_handed_out(redis_url: str) -> None:
    async with connected(redis_url) as transport, Redis.from_url(redis_url) as other:
        await transport.provision(topology())
        await other.xadd(stream_key(ADDRESS, 0), {"data": b"{}"}, id="9999999999999999-0")
        await transport.publish(events(KEYS, 1))

        found = await take(await transport.receiver(policy()), 1 + len(KEYS))

    assert len(found) == 1 + len(KEYS)
    assert [each.appended_at for each in found if each.problem] == [LATEST]
