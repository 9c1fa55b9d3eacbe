"""Purging deletes what is old and read, and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from eda_runtime.contracts import ChannelContract, Topology
from eda_runtime.housekeeping import purge_messages
from eda_runtime.settings import Settings
from eda_runtime.testing.conformance.kit import CHANNEL, KEYS, event, events, ids, policy, rest, take, topology
from eda_runtime.transports import Outgoing
from eda_runtime.transports.log import LogTransport, open_transport

NOW = timedelta(0)


async def test_what_every_group_has_read_is_deleted(log: LogTransport) -> None:
    await log.publish(events(KEYS, 2))
    for group in ("billing", "shipping"):
        await rest(await log.receiver(policy(group)))

    assert await log.purge(NOW) == 2 * len(KEYS)
    assert await log.purge(NOW) == 0


async def test_what_the_slowest_group_has_not_read_stays(log: LogTransport) -> None:
    await log.publish([event("a", number) for number in range(10)])
    await rest(await log.receiver(policy("billing")))
    slowest = await log.receiver(policy("shipping"))
    await take(slowest, 3)

    assert await log.purge(NOW) == 3
    assert ids(await rest(slowest)) == [f"a/{number}" for number in range(3, 10)]


async def test_what_is_younger_than_the_retention_stays(log: LogTransport) -> None:
    await log.publish(events(KEYS, 2))
    for group in ("billing", "shipping"):
        await rest(await log.receiver(policy(group)))

    assert await log.purge() == 0
    assert await log.purge(timedelta(hours=1)) == 0


async def test_a_channel_s_own_retention_counts(log: LogTransport) -> None:
    returns = ChannelContract("returns", "sales.returns", retention=NOW)
    reading = replace(policy(), channel=returns)
    await log.provision(Topology((returns,), (reading,)))
    await log.publish([*events(KEYS, 1), Outgoing("sales.returns", event("a", 0).envelope)])
    for each in (reading, policy("billing"), policy("shipping")):
        await rest(await log.receiver(each))

    assert await log.purge() == 1


async def test_provisioning_lengthens_the_retention_and_never_shortens_it(log: LogTransport) -> None:
    def keeping(days: int, partitions: int = 4) -> Topology:
        return Topology((replace(CHANNEL, retention=timedelta(days=days), partitions=partitions),))

    steps = [(await log.provision(wanted))[0] for wanted in (keeping(30), keeping(7), keeping(7, 5), keeping(60, 4))]
    (last,) = await log.provision(keeping(7))

    assert [step.action for step in steps] == ["change", "exists", "change", "change"]
    assert steps[1].detail == "4 partition(s), keeps longer: 30 days"
    assert last.detail == "5 partition(s), more than the 4 wanted, keeps longer: 60 days"


async def test_unread_messages_go_when_told_so_and_readers_go_on_behind_them(log: LogTransport) -> None:
    await log.publish([event("a", number) for number in range(5)])
    receiver = await log.receiver(policy())
    await take(receiver, 2)

    assert await log.purge(NOW, unread=True) == 5
    await log.publish([event("a", 5)])

    assert ids(await rest(receiver)) == ["a/5"]
    assert [lag.messages for lag in await log.lag(topology("billing", "shipping"))] == [0, 1]


async def test_a_log_that_was_never_provisioned_holds_nothing_to_delete(url: str) -> None:
    empty = await open_transport(url, Settings(url))

    assert await purge_messages(empty) == 0
    await empty.close()


async def test_dead_letters_that_no_group_reads_go_by_age(log: LogTransport) -> None:
    dead = replace(event("a", 0), address=policy().dead_letter.address)
    await log.publish([dead])

    assert await log.purge() == 0
    assert await log.purge(NOW) == 1
