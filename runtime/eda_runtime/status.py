"""How a service is doing: what waits in the outbox, before its consumers, in the parking and among the dead letters,
and how its sagas are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from eda_runtime.contracts import AnySubscription, Topology
from eda_runtime.saga.control import count
from eda_runtime.saga.definition import AnySaga
from eda_runtime.service import Service
from eda_runtime.stores import Store

__all__ = ["ConsumerStatus", "OutboxStatus", "ParkedKey", "SagaStatus", "Status", "status_of"]

OUTBOX = "SELECT count(*), COALESCE(now_ms() - min(created_at), 0), count(problem) FROM eda_outbox"
PROBLEMS = 'SELECT address, "key", problem FROM eda_outbox WHERE problem IS NOT NULL ORDER BY "position" LIMIT 20'
CONSUMER = """
SELECT count(*) FILTER (WHERE dead_at IS NULL), count(*) FILTER (WHERE dead_at IS NOT NULL),
    (SELECT count(*) FROM eda_held WHERE consumer = $1)
FROM eda_parked WHERE consumer = $1
"""
KEYS = """
SELECT p."key", count(*), min(p.attempts) FILTER (WHERE p.attempts > 0), max(p.dead_at) IS NOT NULL FROM eda_parked p
WHERE p.consumer = $1 AND p."key" IS NOT NULL GROUP BY p."key" ORDER BY min(p."position") LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """Messages not yet sent, the age of the oldest in seconds, and those that the broker will not take."""

    messages: int
    age: float
    refused: int
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class ParkedKey:
    """A key whose messages wait; `dead` says that they wait for a person."""

    key: str
    messages: int
    attempts: int
    dead: bool


@dataclass(frozen=True, slots=True)
class ConsumerStatus:
    """`lag` counts messages on the broker, and `lag_age` is the age of the oldest in seconds. `held_back` counts those that came
    before their turn, where the broker keeps no order."""

    group: str
    lag: int
    lag_age: float
    parked: int
    dead_letters: int
    held_back: int
    parked_keys: Sequence[ParkedKey]


@dataclass(frozen=True, slots=True)
class SagaStatus:
    """Instances under way, and those of them that a problem keeps from going on as planned."""

    saga: str
    running: int
    stuck: int


@dataclass(frozen=True, slots=True)
class Status:
    service: str
    outbox: OutboxStatus
    consumers: Sequence[ConsumerStatus]
    sagas: Sequence[SagaStatus] = ()


async def status_of(
    service: Service[object],
    topology: Topology,
    subscriptions: Sequence[AnySubscription],
    sagas: Sequence[AnySaga] = (),
) -> Status:
    outbox = await _outbox(service.store)
    lags = await service.transport.lag(topology)
    consumers = []
    for group in (subscription.policy.group for subscription in subscriptions):
        mine = [lag for lag in lags if lag.group == group]
        parked, dead, held = (await service.store.fetch(CONSUMER, group))[0]
        consumers.append(
            ConsumerStatus(
                group=group,
                lag=sum(lag.messages for lag in mine),
                lag_age=max((lag.age.total_seconds() for lag in mine), default=0.0),
                parked=parked,
                dead_letters=dead,
                held_back=held,
                parked_keys=await _parked_keys(service.store, group),
            )
        )
    kept = [SagaStatus(saga.name, *await count(service.store, saga)) for saga in sagas]
    return Status(service.name, outbox, consumers, kept)


async def _outbox(store: Store) -> OutboxStatus:
    messages, age, refused = (await store.fetch(OUTBOX))[0]
    problems = [f"{address} {json.dumps(key)}: {problem}" for address, key, problem in await store.fetch(PROBLEMS)]
    return OutboxStatus(messages, age / 1000, refused, problems)


async def _parked_keys(store: Store, group: str) -> Sequence[ParkedKey]:
    rows = await store.fetch(KEYS, group)
    return [ParkedKey(key, messages, attempts or 0, bool(dead)) for key, messages, attempts, dead in rows]
