"""How many messages wait for groups. How old the oldest is, SQS tells CloudWatch alone."""

from __future__ import annotations

from datetime import timedelta

from eda_runtime.contracts import ReceivePolicy
from eda_runtime.transports import Lag
from eda_runtime.transports.eventbridge.clients import Clients, aws_errors

__all__ = ["lag_of"]


async def lag_of(clients: Clients, receive: ReceivePolicy, queue: str) -> Lag:
    """SQS counts approximately; messages in a worker's hands count, too."""
    with aws_errors("asking for the lag"):
        answer = await clients.sqs.get_queue_attributes(
            QueueUrl=queue,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )
    messages = sum(int(number) for number in answer.get("Attributes", {}).values())
    return Lag(receive.channel.address, receive.group, messages, timedelta(0))
