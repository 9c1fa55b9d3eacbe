"""What a topology is made of on AWS, each with a look at what is there, and the way to what is wanted."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import ClientError

from eda_runtime.contracts import ReceivePolicy
from eda_runtime.transports import ProvisionStep
from eda_runtime.transports.addresses import normal_address, pattern
from eda_runtime.transports.eventbridge.clients import Clients, is_missing
from eda_runtime.transports.eventbridge.names import archive_name, bus_name, rule_name
from eda_runtime.transports.eventbridge.policies import allowed_rules, policy_of, redrive_allowed, redrive_policy_of
from eda_runtime.transports.eventbridge.queues import queue_url

if TYPE_CHECKING:
    from types_aiobotocore_sqs.literals import QueueAttributeNameType

__all__ = ["Archive", "Bus", "DeadLetters", "Family", "GroupQueue", "Reading", "Resource", "Rule"]

LIVE = {"replay-name": [{"exists": False}]}
"""All events of a bus but replayed ones, which reach the group that asked for them and no other."""
DAY = timedelta(days=1)
LONGEST_KEPT, SHORTEST_KEPT = timedelta(days=14), timedelta(minutes=1)
VISIBILITY_SECONDS, WAIT_SECONDS = 60, 20
RECEIVES = 20
"""Receipts before SQS gives a message up: it killed its consumer each time, as failures are retried in the database."""
TARGET = "queue"


class Resource(Protocol):
    async def compare(self) -> ProvisionStep:
        """What would be done."""
        ...

    async def carry_out(self) -> None:
        """Create or change it."""
        ...


@dataclass(frozen=True, slots=True)
class Reading:
    """A consumer group: `name` is its rule's, `queue` and `letters` are its queues'."""

    policy: ReceivePolicy
    name: str
    queue: str
    letters: str


@dataclass(frozen=True, slots=True)
class Family:
    """An address with parameters is as many buses as its parameters have values, which only people know."""

    aws: Clients
    address: str

    async def compare(self) -> ProvisionStep:
        listed = (await self.aws.events.list_event_buses(Limit=100))["EventBuses"]
        wanted = pattern(normal_address(self.address))
        found = [name for name in (bus.get("Name", "") for bus in listed) if wanted.fullmatch(name)]
        what = f"buses {self.address}"
        if found:
            return ProvisionStep("exists", what, ", ".join(sorted(found)))
        return ProvisionStep("conflict", what, "create one for each value, with a rule to each group's queue")

    async def carry_out(self) -> None:
        return


@dataclass(frozen=True, slots=True)
class Bus:
    aws: Clients
    address: str

    async def compare(self) -> ProvisionStep:
        action = "exists" if await bus_arn(self.aws, self.address) else "create"
        return ProvisionStep(action, f"bus {bus_name(self.address)}")

    async def carry_out(self) -> None:
        await self.aws.events.create_event_bus(Name=bus_name(self.address))


@dataclass(frozen=True, slots=True)
class Archive:
    """Keeps what the retention of the channel says, in days."""

    aws: Clients
    address: str
    retention: timedelta

    @property
    def days(self) -> int:
        return -(-self.retention // DAY)

    async def compare(self) -> ProvisionStep:
        what = f"archive {archive_name(self.address)}"
        days = await self._days()
        if days is None:
            return ProvisionStep("create", what, f"{self.days} days")
        if 0 < days < self.days:
            return ProvisionStep("change", what, f"from {days} to {self.days} days")
        return ProvisionStep("exists", what, f"{days} days" if days else "for ever")

    async def carry_out(self) -> None:
        name = archive_name(self.address)
        if await self._days() is None:
            source = await bus_arn(self.aws, self.address) or ""
            await self.aws.events.create_archive(ArchiveName=name, EventSourceArn=source, RetentionDays=self.days)
        else:
            await self.aws.events.update_archive(ArchiveName=name, RetentionDays=self.days)

    async def _days(self) -> int | None:
        try:
            return int(
                (await self.aws.events.describe_archive(ArchiveName=archive_name(self.address)))["RetentionDays"]
            )
        except ClientError as error:
            if is_missing(error):
                return None
            raise


@dataclass(frozen=True, slots=True)
class Queue:
    """One that is there. It may be without its policies, where who created it got no further."""

    url: str
    arn: str
    policy: str
    redrive: str

    def lets_send(self, readings: Sequence[Reading]) -> bool:
        return {rule_arn(self.arn, each) for each in readings} <= set(allowed_rules(self.policy))

    def policy_letting_send(self, readings: Sequence[Reading]) -> str:
        return policy_of(self.arn, [rule_arn(self.arn, each) for each in readings], self.policy)


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The queue for what a group cannot handle, what SQS gives up, and what a rule cannot deliver."""

    aws: Clients
    name: str
    readings: Sequence[Reading]

    async def compare(self) -> ProvisionStep:
        what = f"dead letter queue {self.name}"
        found = await find(self.aws, self.name)
        if found is None:
            return ProvisionStep("create", what)
        if not found.lets_send(self.readings):
            return ProvisionStep("change", what, "let its rules send to it")
        if not redrive_allowed(found.redrive, self._sources(found.arn)):
            return ProvisionStep("change", what, "let its queues give up to it")
        return ProvisionStep("exists", what)

    async def carry_out(self) -> None:
        longest = max(each.policy.dead_letter.retention for each in self.readings)
        found = await find_or_create(self.aws, self.name, kept_for(longest))
        await self.aws.sqs.set_queue_attributes(
            QueueUrl=found.url,
            Attributes={
                "RedriveAllowPolicy": redrive_policy_of(self._sources(found.arn), found.redrive),
                "Policy": found.policy_letting_send(self.readings),
            },
        )

    def _sources(self, arn: str) -> list[str]:
        return [f"{arn.rpartition(':')[0]}:{each.queue}" for each in self.readings]


@dataclass(frozen=True, slots=True)
class GroupQueue:
    """A standard queue: EventBridge would give all events of a FIFO queue one group, and so one worker."""

    aws: Clients
    reading: Reading

    async def compare(self) -> ProvisionStep:
        what = f"queue {self.reading.queue}"
        found = await find(self.aws, self.reading.queue)
        if found is None:
            return ProvisionStep("create", what)
        if not found.lets_send([self.reading]):
            return ProvisionStep("change", what, "let its rule send to it")
        return ProvisionStep("exists", what)

    async def carry_out(self) -> None:
        policy = self.reading.policy
        letters = await queue_arn(self.aws, await queue_url(self.aws, self.reading.letters) or "")
        redrive = {"deadLetterTargetArn": letters, "maxReceiveCount": max(RECEIVES, policy.retry.attempts)}
        attributes: dict[QueueAttributeNameType, str] = {
            **kept_for(policy.channel.retention),
            "VisibilityTimeout": str(VISIBILITY_SECONDS),
            "ReceiveMessageWaitTimeSeconds": str(WAIT_SECONDS),
            "RedrivePolicy": json.dumps(redrive),
        }
        found = await find_or_create(self.aws, self.reading.queue, attributes)
        allowed = found.policy_letting_send([self.reading])
        await self.aws.sqs.set_queue_attributes(QueueUrl=found.url, Attributes={"Policy": allowed})


@dataclass(frozen=True, slots=True)
class Rule:
    """From the bus to the queue: every type of message, as one that the group passes over has its place in a key's order."""

    aws: Clients
    reading: Reading

    @property
    def place(self) -> tuple[str, str]:
        return rule_name(self.reading.name), bus_name(self.reading.policy.channel.address)

    async def compare(self) -> ProvisionStep:
        rule, bus = self.place
        what = f"rule {rule} of {bus}"
        try:
            pattern = (await self.aws.events.describe_rule(Name=rule, EventBusName=bus)).get("EventPattern", "{}")
            targets = (await self.aws.events.list_targets_by_rule(Rule=rule, EventBusName=bus))["Targets"]
        except ClientError as error:
            if is_missing(error):
                return ProvisionStep("create", what)
            raise
        if json.loads(pattern) != LIVE:
            return ProvisionStep("change", what, "let it pass all events but replays")
        if not any(each["Arn"].rpartition(":")[2] == self.reading.queue for each in targets):
            return ProvisionStep("change", what, f"add the queue {self.reading.queue}")
        return ProvisionStep("exists", what)

    async def carry_out(self) -> None:
        rule, bus = self.place
        arn = await queue_arn(self.aws, await queue_url(self.aws, self.reading.queue) or "")
        letters = f"{arn.rpartition(':')[0]}:{self.reading.letters}"
        await self.aws.events.put_rule(Name=rule, EventBusName=bus, EventPattern=json.dumps(LIVE))
        target = {"Id": TARGET, "Arn": arn, "DeadLetterConfig": {"Arn": letters}}
        await self.aws.events.put_targets(Rule=rule, EventBusName=bus, Targets=[target])  # type: ignore[list-item]


def rule_arn(queue: str, reading: Reading) -> str:
    """The rule's ARN, in the account and the region of a queue's."""
    _, partition, _, region, account, _ = queue.split(":")
    bus = bus_name(reading.policy.channel.address)
    return f"arn:{partition}:events:{region}:{account}:rule/{bus}/{rule_name(reading.name)}"


def kept_for(retention: timedelta) -> dict[QueueAttributeNameType, str]:
    kept = min(max(retention, SHORTEST_KEPT), LONGEST_KEPT)
    return {"MessageRetentionPeriod": str(kept // timedelta(seconds=1)), "SqsManagedSseEnabled": "true"}


async def bus_arn(aws: Clients, address: str) -> str | None:
    try:
        return (await aws.events.describe_event_bus(Name=bus_name(address)))["Arn"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise


async def find(aws: Clients, name: str) -> Queue | None:
    url = await queue_url(aws, name)
    return await look_at(aws, url) if url else None


async def find_or_create(aws: Clients, name: str, attributes: Mapping[QueueAttributeNameType, str]) -> Queue:
    """The settings of a queue that is there are left alone."""
    if found := await find(aws, name):
        return found
    return await look_at(aws, (await aws.sqs.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"])


async def look_at(aws: Clients, url: str) -> Queue:
    asked = await aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    found = asked["Attributes"]
    return Queue(url, found["QueueArn"], found.get("Policy", ""), found.get("RedriveAllowPolicy", ""))


async def queue_arn(aws: Clients, url: str) -> str:
    return (await aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"]))["Attributes"]["QueueArn"]
