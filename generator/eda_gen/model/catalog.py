"""The workspace as a whole: documents, and the services that they describe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eda_gen.diagnostics import Span
from eda_gen.model.channel import Channel, Server
from eda_gen.model.message import Message, MessageId
from eda_gen.model.operation import ReceiveOperation, SendOperation
from eda_gen.model.saga import Saga
from eda_gen.model.schema import Schema, SchemaId


@dataclass(frozen=True, slots=True)
class Owner:
    team: str
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A spec as read: its path relative to the workspace, and the SHA-256 of it and all that it refers to, in hex."""

    path: str
    digest: str
    asyncapi: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service and what it does.

    `messages` are those that the service's operations (with replies) and sagas name, else, for a document without
    operations, all that its channels and components declare: what a package for the service needs, and no more.
    """

    name: str
    title: str
    version: str
    description: str
    domain: str | None
    owners: tuple[Owner, ...]
    store: str
    document: Document
    servers: tuple[Server, ...]
    channels: tuple[Channel, ...]
    messages: tuple[Message, ...]
    sends: tuple[SendOperation, ...]
    receives: tuple[ReceiveOperation, ...]
    sagas: tuple[Saga, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Catalog:
    """All services of a workspace. Channels and messages that no service uses are still here."""

    documents: tuple[Document, ...]
    services: tuple[Service, ...]
    channels: Mapping[str, Channel]
    messages: Mapping[MessageId, Message]
    schemas: Mapping[SchemaId, Schema]
