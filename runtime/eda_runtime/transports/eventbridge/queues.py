"""Finds the queue of a group."""

from __future__ import annotations

from botocore.exceptions import ClientError

from eda_runtime.contracts import ReceivePolicy
from eda_runtime.errors import ConfigurationError
from eda_runtime.transports.eventbridge.clients import Clients, aws_errors, is_denied, is_missing
from eda_runtime.transports.eventbridge.names import queues_of

__all__ = ["find_queue", "queue_url"]


async def find_queue(clients: Clients, policy: ReceivePolicy) -> str:
    """The URL of the group's queue. Raises `ConfigurationError` where there is none, or none that we may use."""
    names = queues_of(policy)
    for name in names:
        if url := await queue_url(clients, name):
            return url
    raise ConfigurationError(
        f"no queue {names[-1]} in {clients.options.place}, or no right to use it: run `eda provision` first"
    )


async def queue_url(clients: Clients, name: str) -> str | None:
    """A right that covers only the queues of this service denies that any other is there."""
    with aws_errors(f"looking for the queue {name}"):
        try:
            return (await clients.sqs.get_queue_url(QueueName=name))["QueueUrl"]
        except ClientError as error:
            if is_missing(error) or is_denied(error):
                return None
            raise
