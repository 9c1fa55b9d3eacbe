"""Creates the exchanges and queues of a topology, and binds them. Never deletes, never changes what is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from aio_pika.exceptions import AMQPError, ChannelPreconditionFailed

from eda_runtime.contracts import ChannelContract, Topology
from eda_runtime.errors import TransportError
from eda_runtime.transports import ProvisionStep
from eda_runtime.transports.addresses import all_channels
from eda_runtime.transports.amqp.connection import Connection
from eda_runtime.transports.amqp.layout import Exchange, Queue, check_name, exchanges_of, is_family, queues_of

__all__ = ["provision"]

FAMILY = "not looked for: create one for each value, and bind to it the queues of those who read it"


async def provision(connection: Connection, topology: Topology, *, dry_run: bool) -> Sequence[ProvisionStep]:
    """Exchanges first: queues are bound to them."""
    there = {each.address: await partitions_there(connection, each) for each in all_channels(topology)}
    few = [
        few_step(each, there[each.address])
        for each in all_channels(topology)
        if 0 < there[each.address] < each.partitions
    ]
    settled = with_partitions(topology, there, grow=connection.options.grow_partitions)
    families = [
        ProvisionStep("exists", f"exchanges {each.address}", FAMILY)
        for each in all_channels(topology)
        if is_family(each)
    ]
    exchanges = [await provision_exchange(connection, each, dry_run=dry_run) for each in exchanges_of(settled)]
    queues = [await provision_queue(connection, each, dry_run=dry_run) for each in queues_of(settled)]
    return [*([] if connection.options.grow_partitions else few), *exchanges, *families, *queues]


async def partitions_there(connection: Connection, channel: ChannelContract) -> int:
    return 0 if is_family(channel) or check_name(channel.address) else await connection.partitions_of(channel.address)


def few_step(wanted: ChannelContract, there: int) -> ProvisionStep:
    detail = (
        f"from {there} to {wanted.partitions} partitions: keys move, so let consumers catch up first,"
        " then set EDA_AMQP_GROW_PARTITIONS=1, and start anew whoever sends"
    )
    return ProvisionStep("conflict", f"exchange {wanted.address}", detail)


def with_partitions(topology: Topology, there: Mapping[str, int], *, grow: bool) -> Topology:
    """With the partitions that addresses have, or shall have: never fewer than there are, and more only where told to."""

    def settled(channel: ChannelContract) -> ChannelContract:
        found = there[channel.address]
        return replace(channel, partitions=max(found, channel.partitions) if grow else found or channel.partitions)

    receives = (replace(each, channel=settled(each.channel)) for each in topology.receives)
    return Topology(tuple(map(settled, topology.channels)), tuple(receives))


async def provision_exchange(connection: Connection, wanted: Exchange, *, dry_run: bool) -> ProvisionStep:
    what = f"exchange {wanted.name}"
    if problem := check_name(wanted.name):
        return ProvisionStep("conflict", what, problem)
    if await connection.has_exchange(wanted.name):
        conflict = await difference(connection, wanted)
        return ProvisionStep("conflict", what, conflict) if conflict else ProvisionStep("exists", what, wanted.type)
    if not dry_run:
        await declare(connection, wanted)
    return ProvisionStep("create", what, wanted.type)


async def provision_queue(connection: Connection, wanted: Queue, *, dry_run: bool) -> ProvisionStep:
    what = f"queue {wanted.name}"
    if problem := check_name(wanted.name):
        return ProvisionStep("conflict", what, problem)
    exists = await connection.ready_in(wanted.name) is not None
    if exists and (conflict := await difference(connection, wanted)):
        return ProvisionStep("conflict", what, conflict)
    if not dry_run:
        if not exists:
            await declare(connection, wanted)
        await bind(connection, wanted)
    return ProvisionStep("exists" if exists else "create", what, str(wanted.arguments["x-queue-type"]))


async def difference(connection: Connection, wanted: Exchange | Queue) -> str | None:
    """How what is there differs, if so: declaring it again says that, and changes nothing. Who may not declare is not told."""
    try:
        await declare(connection, wanted)
    except TransportError as error:
        if isinstance(error.__cause__, ChannelPreconditionFailed):
            return f"it is there with other settings, which only making it anew can change: {error.__cause__}"
        if not isinstance(error.__cause__, AMQPError):
            raise
    return None


async def declare(connection: Connection, wanted: Exchange | Queue) -> None:
    async with connection.asking(f"declaring {wanted.name}") as channel:
        if isinstance(wanted, Exchange):
            await channel.declare_exchange(wanted.name, wanted.type, durable=True, internal=wanted.internal)
        else:
            await channel.declare_queue(wanted.name, durable=True, arguments=dict(wanted.arguments))


async def bind(connection: Connection, wanted: Queue) -> None:
    """Binding again what is bound changes nothing."""
    if wanted.exchange is None:
        return
    async with connection.asking(f"binding {wanted.name} to {wanted.exchange}") as channel:
        queue = await channel.get_queue(wanted.name, ensure=False)
        for key in wanted.keys:
            await queue.bind(wanted.exchange, key)
