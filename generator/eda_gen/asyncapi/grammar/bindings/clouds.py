"""Bindings of brokers that are cloud services: Google Pub/Sub, Amazon SNS and SQS."""

from __future__ import annotations

from eda_gen.asyncapi.grammar.bindings.table import Binding
from eda_gen.asyncapi.grammar.types import ANYTHING, BOOLEAN, TEXT, Choice, Entries, Items, Number, Object, RefOr, Type

__all__ = ["BINDINGS"]

_STORAGE = Object("message storage policy", {"allowedPersistenceRegions": Items(TEXT)})
_SETTINGS = Object(
    "schema settings",
    {"encoding": TEXT, "firstRevisionId": TEXT, "lastRevisionId": TEXT, "name": TEXT},
    ("encoding", "name"),
)
_PUBSUB_CHANNEL: dict[str, Type] = {
    "labels": Entries(ANYTHING),
    "messageRetentionDuration": TEXT,
    "messageStoragePolicy": _STORAGE,
    "schemaSettings": _SETTINGS,
}
_PUBSUB_MESSAGE: dict[str, Type] = {
    "attributes": Entries(ANYTHING),
    "orderingKey": TEXT,
    "schema": Object("schema definition", {"name": TEXT, "type": TEXT}, ("name",)),
}

_POLICY = Object("policy", {"statements": Items(Object("statement", open=True))}, ("statements",), open=True)
_IDENTIFIER = RefOr(Object("identifier", {"url": TEXT, "email": TEXT, "phone": TEXT, "arn": TEXT, "name": TEXT}))
_REDRIVE = Object("redrive policy", {"deadLetterQueue": _IDENTIFIER, "maxReceiveCount": Number()}, ("deadLetterQueue",))
_DELIVERY = Object("delivery policy", open=True)
_CONSUMER = Object(
    "consumer",
    {
        "protocol": Choice(("http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose")),
        "endpoint": _IDENTIFIER,
        "filterPolicy": Object("filter policy", open=True),
        "filterPolicyScope": Choice(("MessageAttributes", "MessageBody")),
        "rawMessageDelivery": BOOLEAN,
        "redrivePolicy": _REDRIVE,
        "deliveryPolicy": _DELIVERY,
        "displayName": TEXT,
    },
    ("protocol", "endpoint", "rawMessageDelivery"),
)
_ORDERING = Object("ordering", {"type": Choice(("standard", "FIFO")), "contentBasedDeduplication": BOOLEAN}, ("type",))
_SNS_CHANNEL: dict[str, Type] = {"name": TEXT, "ordering": _ORDERING, "policy": _POLICY, "tags": Entries(ANYTHING)}
_SNS_OPERATION: dict[str, Type] = {
    "topic": _IDENTIFIER,
    "consumers": Items(_CONSUMER, least=1),
    "deliveryPolicy": _DELIVERY,
}
_SQS_QUEUE = RefOr(
    Object(
        "SQS queue",
        {
            "$ref": TEXT,
            "name": TEXT,
            "fifoQueue": BOOLEAN,
            "deduplicationScope": Choice(("queue", "messageGroup")),
            "fifoThroughputLimit": Choice(("perQueue", "perMessageGroupId")),
            "deliveryDelay": Number(minimum=0, maximum=900),
            "visibilityTimeout": Number(minimum=0, maximum=43_200),
            "receiveMessageWaitTime": Number(minimum=0, maximum=20),
            "messageRetentionPeriod": Number(minimum=60, maximum=1_209_600),
            "redrivePolicy": _REDRIVE,
            "policy": _POLICY,
            "tags": Entries(ANYTHING),
        },
        ("name",),
    )
)

BINDINGS = (
    Binding("googlepubsub", "channel", "0.1.0", {**_PUBSUB_CHANNEL, "topic": TEXT}, ("schemaSettings", "topic")),
    Binding("googlepubsub", "channel", "0.2.0", _PUBSUB_CHANNEL),
    Binding("googlepubsub", "message", "0.1.0", _PUBSUB_MESSAGE),
    Binding("sns", "channel", "0.1.0", _SNS_CHANNEL, ("name",)),
    Binding("sns", "operation", "0.1.0", _SNS_OPERATION, ("consumers",)),
    Binding("sqs", "channel", "0.1.0", {"queue": _SQS_QUEUE, "deadLetterQueue": _SQS_QUEUE}, ("queue",)),
    Binding("sqs", "operation", "0.1.0", {"queues": Items(_SQS_QUEUE)}, ("queues",)),
)
