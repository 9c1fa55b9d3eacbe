"""Appending to the log: transactions that take long, processes that compete, channels that grow."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from eda_runtime.contracts import Topology
from eda_runtime.errors import ConfigurationError, PublishError, TransportError
from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import (
    ADDRESS,
    CHANNEL,
    KEYS,
    PATIENCE,
    QUIET,
    by_key,
    event,
    events,
    ids,
    policy,
    rest,
    sent_ids,
    take,
    topology,
)
from eda_runtime.transports import Outgoing
from eda_runtime.transports.log import LogTransport, open_database, open_transport
from eda_runtime.transports.log.append import Placed, append
from eda_runtime.transports.log.channels import read_channels

REPOSITORY = Path(__file__).parents[3]
PUBLISH = """
import asyncio, sys
from eda_runtime.testing.conformance.kit import event
from eda_runtime.transports.registry import open_transport

async def main(url, key):
    transport = await open_transport(url)
    for number in range(0, 100, 2):
        await transport.publish([event(key, number), event(key, number + 1)])
    await transport.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_a_message_whose_transaction_commits_late_is_not_passed_by(url: str, log: LogTransport) -> None:
    receiver = await log.receiver(policy())
    database = await open_database(url)
    try:
        async with database.writing(announce=True) as connection:
            channel = (await read_channels(connection)).find(ADDRESS)
            assert channel
            slow = {partition: Placed(len(channel.partitions)) for partition in channel.partitions}
            slow[channel.partitions[0]].messages.append(event("slow", 0))
            await append(connection, slow)
            quick = asyncio.create_task(log.publish(events(KEYS, 1)))
            early = await receiver.poll(100, QUIET)
            await receiver.acknowledge(early)
        await quick
    finally:
        await database.close()

    assert set(ids(early)) | set(ids(await rest(receiver))) == {"slow/0", *sent_ids(events(KEYS, 1))}


async def test_a_long_transaction_of_someone_else_holds_up_no_reader(postgresql_url: str) -> None:
    log = await open_transport(postgresql_url, Settings(postgresql_url))
    await log.provision(topology())
    receiver = await log.receiver(policy())
    someone = await asyncpg.connect(postgresql_url)
    try:
        async with someone.transaction():
            await someone.execute("CREATE TABLE long_work (id int)")
            await log.publish([event("a", 0)])

            assert ids(await take(receiver, 1)) == ["a/0"]
    finally:
        await someone.close()
        await log.close()


async def test_processes_that_publish_at_once_lose_nothing_and_keep_order(url: str, log: LogTransport) -> None:
    receiver = await log.receiver(policy())
    publishers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", PUBLISH, url, key, stderr=asyncio.subprocess.PIPE)
        for key in KEYS[:4]
    ]

    found = await take(receiver, 400)
    said = [(await publisher.communicate())[1].decode() for publisher in publishers]

    assert said == [""] * 4
    assert by_key(ids(found)) == {key: list(range(100)) for key in KEYS[:4]}


async def test_a_file_that_a_service_writes_to_all_the_time_is_never_locked(tmp_path: Path) -> None:
    path = tmp_path / "shared.db"
    log = await open_transport(f"sqlite:///{path}", Settings())
    await log.provision(topology())
    receiver = await log.receiver(policy())
    stopping = asyncio.Event()

    def write() -> int:
        with sqlite3.connect(path, timeout=30, isolation_level=None) as own:
            own.execute("CREATE TABLE IF NOT EXISTS effects (id INTEGER)")
            written = 0
            while not stopping.is_set():
                own.execute("BEGIN IMMEDIATE")
                own.executemany("INSERT INTO effects VALUES (?)", [(number,) for number in range(500)])
                own.execute("COMMIT")
                written += 1
                time.sleep(0.001)
            return written

    writing = asyncio.create_task(asyncio.to_thread(write))
    try:
        for number in range(100):
            await log.publish([event(key, number) for key in KEYS])
            await asyncio.sleep(0.01)
        found = await take(receiver, 100 * len(KEYS))
    finally:
        stopping.set()
        await writing
        await log.close()

    assert by_key(ids(found)) == {key: list(range(100)) for key in KEYS}
    assert writing.result() > 10


async def test_a_publisher_that_knew_fewer_partitions_uses_the_new_ones(url: str, log: LogTransport) -> None:
    receiver = await log.receiver(policy())
    await log.publish(events(KEYS, 1))
    await take(receiver, len(KEYS))
    other = await open_transport(url, Settings(url))
    wider = Topology((replace(CHANNEL, partitions=9),), topology("billing").receives)
    await other.provision(wider)
    await other.close()

    await log.publish(events([f"key-{number}" for number in range(100)], 1))
    found = await take(receiver, 100)

    assert len(found) == 100
    assert {each.partition for each in found} == set(range(9))


async def test_more_partitions_than_wanted_do_no_harm_and_stay(log: LogTransport) -> None:
    steps = await log.provision(Topology((replace(CHANNEL, partitions=2),)))
    again = await log.provision(Topology((CHANNEL,)))

    assert [(step.action, step.detail) for step in steps] == [("exists", "4 partition(s), more than the 2 wanted")]
    assert [step.action for step in again] == ["exists"]


async def test_services_that_provision_at_once_do_not_disturb_each_other(url: str) -> None:
    transports = [await open_transport(url, Settings(url)) for _ in range(4)]
    try:
        await asyncio.gather(*(transport.provision(topology("billing", "shipping")) for transport in transports))

        steps = await transports[0].provision(topology("billing", "shipping"))
    finally:
        for transport in transports:
            await transport.close()

    assert {step.action for step in steps} == {"exists"}


async def test_a_template_receives_what_goes_to_its_addresses(log: LogTransport) -> None:
    lights = replace(CHANNEL, address="lights/{streetlightId}/measured")
    reader = replace(policy(), channel=replace(lights, address="lights/{id}/measured"))
    await log.provision(Topology((lights,), (reader,)))
    receiver = await log.receiver(reader)

    await log.publish([Outgoing("lights/7/measured", event("7", 0).envelope)])

    assert [each.address for each in await take(receiver, 1)] == ["lights/7/measured"]


async def test_a_channel_that_was_not_provisioned_is_named_with_what_to_do(log: LogTransport) -> None:
    nowhere = replace(policy(), channel=replace(CHANNEL, address="sales.nowhere"))

    with pytest.raises(ConfigurationError, match=r"sales\.nowhere does not exist: run `eda provision`"):
        await log.receiver(nowhere)


async def test_a_database_that_cannot_be_reached_is_said_in_one_line() -> None:
    with pytest.raises(TransportError, match=r"^the log at postgresql://127\.0\.0\.1:1/nothing cannot be reached: .+"):
        await open_transport("postgresql://127.0.0.1:1/nothing", Settings())


async def test_connections_that_the_server_ends_are_made_anew(postgresql_url: str) -> None:
    log = await open_transport(postgresql_url, Settings(postgresql_url))
    await log.provision(topology())
    receiver = await log.receiver(policy())
    someone = await asyncpg.connect(postgresql_url)
    await someone.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await someone.close()

    await eventually_sent(log, event("a", 0))

    assert ids(await take(receiver, 1)) == ["a/0"]
    await log.close()


async def eventually_sent(log: LogTransport, message: Outgoing) -> None:
    """Send as a relay does: what fails for want of a connection is tried again."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await log.publish([message])
            except PublishError:
                await asyncio.sleep(0.05)
