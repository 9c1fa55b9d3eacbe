"""Reads a range of time again from the archive of a bus, by a queue and a rule that live as long as the replay.

They need rights to create them (events: PutRule, PutTargets, StartReplay, …; sqs: CreateQueue, DeleteQueue, …) that the
service itself has no use for.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from botocore.exceptions import ClientError

from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.transports import Delivery, ReplayRange
from eda_runtime.transports.eventbridge.clients import Clients, aws_errors, is_missing
from eda_runtime.transports.eventbridge.names import archive_name, bus_name
from eda_runtime.transports.eventbridge.policies import policy_of
from eda_runtime.transports.eventbridge.receiver import QueueReceiver
from eda_runtime.transports.eventbridge.resources import queue_arn

__all__ = ["ReplayReceiver", "open_replay"]

ENDED = frozenset(("COMPLETED", "CANCELLED", "FAILED"))
QUIET_POLLS = 2
"""Empty polls after the end of a replay, until nothing of it is taken to be on its way any more."""
PATIENCE_SECONDS = 600.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Passage:
    """The way from an archive to one reader: a rule for the replay of that name, and its queue."""

    aws: Clients
    name: str
    bus: str
    queue: str

    async def start(self, address: str, wanted: ReplayRange, end: datetime) -> None:
        events = self.aws.events
        arn = await queue_arn(self.aws, self.queue)
        bus = (await events.describe_event_bus(Name=self.bus))["Arn"]
        archive = (await events.describe_archive(ArchiveName=archive_name(address)))["ArchiveArn"]
        pattern = json.dumps({"replay-name": [self.name]})
        rule = (await events.put_rule(Name=self.name, EventBusName=self.bus, EventPattern=pattern))["RuleArn"]
        await self.aws.sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"Policy": policy_of(arn, [rule])})
        await events.put_targets(Rule=self.name, EventBusName=self.bus, Targets=[{"Id": "queue", "Arn": arn}])
        await events.start_replay(
            ReplayName=self.name,
            EventSourceArn=archive,
            EventStartTime=wanted.start.replace(microsecond=0),
            EventEndTime=end.replace(microsecond=0) + timedelta(seconds=1),
            Destination={"Arn": bus, "FilterArns": [rule]},
        )

    async def state(self) -> str:
        return str((await self.aws.events.describe_replay(ReplayName=self.name))["State"])

    async def remove(self) -> None:
        events = self.aws.events
        with suppress(ClientError):
            if await self.state() not in ENDED:
                await events.cancel_replay(ReplayName=self.name)
        with suppress(ClientError):
            await events.remove_targets(Rule=self.name, EventBusName=self.bus, Ids=["queue"])
            await events.delete_rule(Name=self.name, EventBusName=self.bus)
        with suppress(ClientError):
            await self.aws.sqs.delete_queue(QueueUrl=self.queue)


async def open_replay(clients: Clients, address: str, wanted: ReplayRange) -> ReplayReceiver:
    """Fix the range now: what is sent later is not part of it."""
    if "{" in address:
        raise ConfigurationError(f"{address} is many buses: replay one of them, by its own address")
    end = wanted.end or datetime.now(UTC)
    name = f"eda-replay-{uuid4().hex}"
    with aws_errors("starting a replay"):
        queue = await clients.sqs.create_queue(QueueName=name, Attributes={"SqsManagedSseEnabled": "true"})
        passage = Passage(clients, name, bus_name(address), queue["QueueUrl"])
        try:
            await passage.start(address, wanted, end)
        except BaseException as error:
            await passage.remove()
            if isinstance(error, ClientError) and is_missing(error):
                raise ConfigurationError(f"{address} has no bus or no archive: run `eda provision` first") from error
            raise
    return ReplayReceiver(passage, QueueReceiver(clients, passage.queue, address), ReplayRange(wanted.start, end))


class ReplayReceiver:
    """Archives know times to the second: what is outside of the range is passed over here."""

    def __init__(self, passage: Passage, inner: QueueReceiver, wanted: ReplayRange) -> None:
        self._passage = passage
        self._inner = inner
        self._wanted = wanted
        self._closed = False

    async def poll(self, max_messages: int, timeout: float) -> Sequence[Delivery]:
        """The next messages of the range, however long AWS takes; nothing once it is exhausted."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        quiet = 0
        while not self._closed and quiet < QUIET_POLLS:
            ended = await self._ended()
            found = await self._inner.poll(max_messages, max(timeout, 1.0))
            inside = [each for each in found if self._is_wanted(each.appended_at)]
            await self._inner.acknowledge([each for each in found if each not in inside])
            if inside:
                return inside
            quiet = quiet + 1 if ended and not found else 0
            if asyncio.get_running_loop().time() > deadline:
                raise TransportError("EventBridge: a replay waited for its messages in vain")
        return ()

    async def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        await self._inner.acknowledge(deliveries)

    async def release(self, deliveries: Sequence[Delivery]) -> None:
        await self._inner.release(deliveries)

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await self._inner.close()
            with aws_errors("removing a replay's queue and rule"):
                await self._passage.remove()

    async def _ended(self) -> bool:
        with aws_errors("asking for the state of a replay"):
            state = await self._passage.state()
        if state == "FAILED":
            raise TransportError("EventBridge: the replay failed; its state reason is in the console")
        return state in ENDED

    def _is_wanted(self, sent: datetime) -> bool:
        return self._wanted.start <= sent and (self._wanted.end is None or sent <= self._wanted.end)
