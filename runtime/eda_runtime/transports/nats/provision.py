"""Creates the streams and consumers of a topology, as the target `deploy-nats` describes them. Never deletes, shrinks or shortens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from eda_runtime.contracts import ChannelContract, ReceivePolicy, Topology
from eda_runtime.transports import ProvisionStep
from eda_runtime.transports.addresses import all_channels
from eda_runtime.transports.nats.connection import Connection
from eda_runtime.transports.nats.names import (
    check_name,
    consumer_name,
    ledger_stream,
    ledger_subjects,
    stream_name,
    subject,
)
from eda_runtime.transports.nats.streams import Stream, read_consumer, read_stream
from eda_runtime.transports.retention import FOREVER, kept_longer, spoken

__all__ = ["provision"]

DUPLICATES = timedelta(minutes=2)
ACK_WAIT = timedelta(seconds=60)
MOST_PENDING = 1000
UNLIMITED = {"max_consumers": -1, "max_msgs": -1, "max_bytes": -1, "max_msg_size": -1}


@dataclass(frozen=True, slots=True)
class Deed:
    """A step, and the call that carries it out; there is none where nothing is to be done."""

    step: ProvisionStep
    call: str = ""
    request: Mapping[str, object] | None = None


async def provision(connection: Connection, topology: Topology, *, dry_run: bool) -> list[ProvisionStep]:
    steps: list[ProvisionStep] = []

    async def carry_out(deed: Deed) -> None:
        steps.append(deed.step)
        if deed.call and not dry_run:
            await connection.ask(deed.call, deed.request)

    for channel in all_channels(topology):
        await carry_out(await compare_stream(connection, channel))
    for group in sorted({receive.group for receive in topology.receives}):
        await carry_out(await compare_ledger(connection, group))
    for receive in topology.receives:
        for deed in await compare_consumers(connection, receive):
            await carry_out(deed)
    return steps


async def compare_stream(connection: Connection, channel: ChannelContract) -> Deed:
    if problem := check_name(channel.address):
        return Deed(ProvisionStep("conflict", f"stream of {channel.address}", problem))
    name = stream_name(channel.address)
    what = f"stream {name} of {channel.address}"
    stream = await read_stream(connection, name)
    wanted = wanted_stream(channel, connection.options.replicas)
    if stream is None:
        step = ProvisionStep("create", what, f"{channel.partitions} partition(s)")
        return Deed(step, f"STREAM.CREATE.{name}", wanted)
    count = stream.partitions(channel.address)
    if count > channel.partitions and channel.ordered:
        told = f"has {count} partitions, {channel.partitions} wanted: they cannot be taken away"
        return Deed(ProvisionStep("conflict", what, told))
    subjects = [*stream.config["subjects"], *(subject(channel.address, n) for n in range(count, channel.partitions))]
    kept = retention_of(stream)
    changed = {**stream.config, "subjects": subjects}
    if kept < min(channel.retention, FOREVER):
        changed |= {name: wanted[name] for name in ("max_age", "duplicate_window")}
    if count < channel.partitions:
        told = f"from {count} to {channel.partitions} partitions: keys move, so let consumers catch up first"
        if not connection.options.grow_partitions:
            return Deed(ProvisionStep("conflict", what, f"{told}, then set EDA_NATS_GROW_PARTITIONS=1"))
        return Deed(ProvisionStep("change", what, told), f"STREAM.UPDATE.{name}", changed)
    if changed != stream.config:
        step = ProvisionStep("change", what, f"retention becomes {spoken(channel.retention)}")
        return Deed(step, f"STREAM.UPDATE.{name}", changed)
    return Deed(ProvisionStep("exists", what, f"{count} partition(s){kept_longer(kept, channel.retention)}"))


async def compare_ledger(connection: Connection, group: str) -> Deed:
    """The bucket in which the workers of a group deal out partitions."""
    name = ledger_stream(group)
    what = f"bucket {name.removeprefix('KV_')} of {group}"
    if await read_stream(connection, name):
        return Deed(ProvisionStep("exists", what))
    return Deed(
        ProvisionStep("create", what), f"STREAM.CREATE.{name}", wanted_ledger(name, connection.options.replicas)
    )


async def compare_consumers(connection: Connection, receive: ReceivePolicy) -> list[Deed]:
    """One for each partition that the stream has, or will have."""
    if check_name(receive.channel.address):
        return []
    stream_there = await read_stream(connection, stream_name(receive.channel.address))
    there = stream_there.partitions(receive.channel.address) if stream_there else 0
    return [
        await compare_consumer(connection, receive, number) for number in range(max(there, receive.channel.partitions))
    ]


async def compare_consumer(connection: Connection, receive: ReceivePolicy, number: int) -> Deed:
    stream, name = stream_name(receive.channel.address), consumer_name(receive.group, number)
    what = f"consumer {name} of {stream}"
    wanted = wanted_consumer(receive, name, subject(receive.channel.address, number))
    create = f"CONSUMER.CREATE.{stream}.{name}"
    found = await read_consumer(connection, stream, name)
    if found is None:
        return Deed(ProvisionStep("create", what), create, {"stream_name": stream, "config": wanted})
    there: Mapping[str, Any] = found["config"]
    differing = [field for field in ("filter_subject", "ack_policy") if there.get(field) != wanted[field]]
    if differing:
        told = f"its {' and '.join(differing)} cannot become what is wanted: delete it, or choose another group"
        return Deed(ProvisionStep("conflict", what, told))
    if int(there.get("max_ack_pending", 0)) < receive.batch:
        told = f"max_ack_pending becomes {wanted['max_ack_pending']}"
        changed = {**there, "max_ack_pending": wanted["max_ack_pending"]}
        return Deed(ProvisionStep("change", what, told), create, {"stream_name": stream, "config": changed})
    return Deed(ProvisionStep("exists", what))


def wanted_stream(channel: ChannelContract, replicas: int) -> dict[str, object]:
    return {
        "name": stream_name(channel.address),
        "subjects": [subject(channel.address, number) for number in range(channel.partitions)],
        "retention": "limits",
        "storage": "file",
        "discard": "old",
        "num_replicas": replicas,
        **UNLIMITED,
        "max_msgs_per_subject": -1,
        "max_age": nanoseconds(channel.retention),
        "duplicate_window": nanoseconds(min(DUPLICATES, channel.retention)),
    }


def wanted_ledger(name: str, replicas: int) -> dict[str, object]:
    return {
        "name": name,
        "subjects": [ledger_subjects(name)],
        "retention": "limits",
        "storage": "file",
        "discard": "new",
        "num_replicas": replicas,
        **UNLIMITED,
        "max_msgs_per_subject": 1,
        "allow_rollup_hdrs": True,
        "deny_delete": True,
        "allow_direct": True,
    }


def wanted_consumer(receive: ReceivePolicy, name: str, filter_subject: str) -> dict[str, object]:
    return {
        "name": name,
        "durable_name": name,
        "description": " ".join(receive.group.split()),
        "filter_subject": filter_subject,
        "deliver_policy": "all",
        "replay_policy": "instant",
        "ack_policy": "explicit",
        "ack_wait": nanoseconds(ACK_WAIT),
        "max_deliver": -1,
        "max_ack_pending": max(MOST_PENDING, receive.batch),
    }


def retention_of(stream: Stream) -> timedelta:
    """The server leaves out, or calls 0, what has no end."""
    age = int(stream.config.get("max_age") or 0)
    return timedelta(microseconds=age // 1000) if age else FOREVER


def nanoseconds(span: timedelta) -> int:
    return span // timedelta(microseconds=1) * 1000
