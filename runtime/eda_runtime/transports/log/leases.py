"""How the workers of a group share a channel's partitions: who holds what is in the database, under its clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from eda_runtime.transports.log import statements as sql
from eda_runtime.transports.log.channels import Channel
from eda_runtime.transports.log.database import Connection
from eda_runtime.transports.partitions import quota

__all__ = ["Claim", "Holder", "Lease", "Observation", "Plan", "claim", "enlist", "observe", "plan"]


@dataclass(frozen=True, slots=True)
class Holder:
    """One worker of a group on a channel. `duration` of its leases is in microseconds."""

    channel: Channel
    group: str
    worker: str
    duration: int


@dataclass(frozen=True, slots=True)
class Lease:
    partition: int
    number: int
    owner: str | None
    epoch: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Observation:
    """The state of a group at the database's time `now`; `workers` are those alive, in a fixed order."""

    now: int
    leases: tuple[Lease, ...]
    workers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a worker should do: take over `claim`, stop reading `drain`, and prolong its own leases if `renew`."""

    claim: tuple[int, ...] = ()
    drain: tuple[int, ...] = ()
    renew: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease won: the partition, the lease's number, and how far the group has come."""

    partition: int
    epoch: int
    position: int


def plan(seen: Observation, me: Holder, held: Mapping[int, bool]) -> Plan:
    """Decide from what was seen and what is `held` (partition to whether it is idle).

    Leases move only as far as quotas demand: who has too many lets the idle ones go first, who has too few takes what is
    free or has expired.
    """
    mine = quota(me.worker, seen.workers, len(seen.leases))
    by_idleness = sorted(held, key=lambda partition: not held[partition])
    free = [lease.partition for lease in seen.leases if lease.owner is None or lease.expires_at <= seen.now]
    expiries = [lease.expires_at for lease in seen.leases if lease.owner == me.worker]
    due = any(expires_at - seen.now < me.duration * 2 // 3 for expires_at in expiries)
    return Plan(
        claim=tuple(partition for partition in free if partition not in held)[: max(0, mine - len(held))],
        drain=tuple(by_idleness[: max(0, len(held) - mine)]),
        renew=due or me.worker not in seen.workers,
    )


async def observe(connection: Connection, me: Holder) -> Observation:
    leases = await connection.fetch(sql.OBSERVE_LEASES, me.channel.id, me.group)
    workers = await connection.fetch(sql.OBSERVE_WORKERS, me.channel.id, me.group)
    return Observation(
        now=leases[0][5],
        leases=tuple(Lease(row[0], row[1], row[2], row[3] or 0, row[4] or 0) for row in leases),
        workers=tuple(row[0] for row in workers),
    )


async def enlist(connection: Connection, me: Holder) -> None:
    """Be seen by the group for the time of one lease, and keep what is held for as long."""
    await connection.execute(sql.FORGET_EXPIRED_WORKERS)
    await connection.execute(sql.ENLIST_WORKER, me.channel.id, me.group, me.worker, me.duration)
    await connection.execute(sql.RENEW, me.group, me.worker, me.duration)


async def claim(connection: Connection, me: Holder, partitions: Collection[int]) -> list[Claim]:
    """Take over those of the partitions that are still free. A new epoch fences off who held them before."""
    await connection.execute(sql.CREATE_CURSORS, me.channel.address, me.group)
    won = await connection.fetch(sql.CLAIM, me.group, tuple(partitions), me.worker, me.duration)
    return [Claim(*row) for row in won]
