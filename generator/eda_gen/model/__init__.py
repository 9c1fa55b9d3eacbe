"""The intermediate representation: what a workspace of specs means, with every default filled in.

Frozen values, no I/O, no names of brokers beyond what a binding says. Tuples stand in the order of the documents.
"""

from eda_gen.model.catalog import Catalog, Document, Owner, Service
from eda_gen.model.channel import Channel, Ordering, Parameter, Server
from eda_gen.model.delivery import Backoff, DeadLetter, HandlerStyle, OnFailure, Retry
from eda_gen.model.message import Deprecation, Kind, Message, MessageId, Part, Sla, Split, Upcast, UpcastRule
from eda_gen.model.operation import Operation, ReceiveOperation, Reply, SendOperation
from eda_gen.model.saga import Saga, SagaStep, SagaStyle
from eda_gen.model.schema import Json, Schema, SchemaFormat, SchemaId

__all__ = [
    "Backoff",
    "Catalog",
    "Channel",
    "DeadLetter",
    "Deprecation",
    "Document",
    "HandlerStyle",
    "Json",
    "Kind",
    "Message",
    "MessageId",
    "OnFailure",
    "Operation",
    "Ordering",
    "Owner",
    "Parameter",
    "Part",
    "ReceiveOperation",
    "Reply",
    "Retry",
    "Saga",
    "SagaStep",
    "SagaStyle",
    "Schema",
    "SchemaFormat",
    "SchemaId",
    "SendOperation",
    "Server",
    "Service",
    "Sla",
    "Split",
    "Upcast",
    "UpcastRule",
]
