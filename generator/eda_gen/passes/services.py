"""Services: what each document, or part of it, does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from eda_gen.asyncapi import eda
from eda_gen.asyncapi.documents import version_of
from eda_gen.model import Channel, Document, MessageId, Operation, ReceiveOperation, Saga, SendOperation, Service
from eda_gen.passes import defaults
from eda_gen.passes.channels import ChannelTable, read_server
from eda_gen.passes.context import Context
from eda_gen.passes.messages import MessageTable
from eda_gen.passes.operations import OperationReader
from eda_gen.passes.sagas import messages_of_saga, messages_of_step, read_sagas, steps_of_saga
from eda_gen.source import Node

__all__ = ["ServiceReader"]


@dataclass(frozen=True, slots=True)
class ServiceReader:
    context: Context
    channels: ChannelTable
    messages: MessageTable

    def read(self, root: Node, document: Document) -> tuple[Service, ...]:
        """The document's own service, and those that its operations name."""
        declared = _Declared(self._channels_in(root), self.messages.take_all(_members(root, "components", "messages")))
        own = root.text_at("info", "x-eda", "service") or defaults.service_name(root.text_at("info", "title") or "")
        sagas = read_sagas(root, self.messages)
        by_service = self._operations(root, own)
        if sagas or not by_service:
            by_service.setdefault(own, [])
        return tuple(
            self._service(root, document, name, operations, sagas if name == own else (), declared)
            for name, operations in by_service.items()
        )

    def _channels_in(self, root: Node) -> tuple[Channel, ...]:
        places = (*_members(root, "channels"), *_members(root, "components", "channels"))
        taken = (self.channels.take(each) for each in places)
        return tuple({channel.id: channel for channel in taken if channel is not None}.values())

    def _operations(self, root: Node, own: str) -> dict[str, list[Operation]]:
        reader = OperationReader(self.context, self.channels, self.messages)
        written = root.get("operations")
        found: dict[str, list[Operation]] = {}
        for name, node in written.fields.items() if written is not None else ():
            read = reader.read(name, node, own)
            if read is not None:
                found.setdefault(read[0], []).append(read[1])
        return found

    def _service(
        self,
        root: Node,
        document: Document,
        name: str,
        operations: list[Operation],
        sagas: tuple[Saga, ...],
        declared: _Declared,
    ) -> Service:
        used = _used(operations, sagas) if operations or sagas else declared.every_message()
        info = root.get("info") or root
        extension = info.get("x-eda")
        return Service(
            name=name,
            title=info.text_at("title") or name,
            version=info.text_at("version") or "",
            description=self.context.text(info, "description"),
            domain=eda.text(extension, "domain"),
            owners=eda.owners(extension),
            store=eda.text(extension, "store") or defaults.STORE,
            document=document,
            servers=tuple(
                read_server(key, server, self.context)
                for key, each in _named(root, "servers")
                if (server := self.context.resolve(each)) is not None
            ),
            channels=self._used_channels(operations, sagas, declared.channels) or declared.channels,
            messages=tuple(self.messages.messages[each] for each in dict.fromkeys(used)),
            sends=tuple(each for each in operations if isinstance(each, SendOperation)),
            receives=tuple(each for each in operations if isinstance(each, ReceiveOperation)),
            sagas=sagas,
            span=root.span,
        )

    def _used_channels(
        self, operations: Iterable[Operation], sagas: Iterable[Saga], declared: tuple[Channel, ...]
    ) -> tuple[Channel, ...]:
        ids = [operation.channel for operation in operations]
        ids += [operation.reply.channel for operation in operations if operation.reply and operation.reply.channel]
        steps = (step for saga in sagas for step in steps_of_saga(saga.steps))
        ids += self._channels_of({message for step in steps for message in messages_of_step(step)}, declared)
        return tuple(self.channels.channels[each] for each in dict.fromkeys(ids))

    def _channels_of(self, messages: set[MessageId], declared: tuple[Channel, ...]) -> Iterator[str]:
        """Where the messages of a saga's steps travel, as this document says it, or the one that they are written in."""
        candidates = list(declared)
        for file in sorted({message.partition("#")[0] for message in messages}):
            root = self.context.workspace.read(file)
            if root is not None and version_of(root) is not None:
                candidates += self._channels_in(self.context.workspace.current(root))
        return (channel.id for channel in candidates if messages.intersection(channel.messages))


@dataclass(frozen=True, slots=True)
class _Declared:
    """What a document declares, whether or not an operation uses it."""

    channels: tuple[Channel, ...]
    messages: tuple[MessageId, ...]

    def every_message(self) -> Iterator[MessageId]:
        for channel in self.channels:
            yield from channel.messages
        yield from self.messages


def _used(operations: Iterable[Operation], sagas: Iterable[Saga]) -> Iterator[MessageId]:
    for operation in operations:
        yield from operation.messages
        if operation.reply is not None:
            yield from operation.reply.messages
        if isinstance(operation, ReceiveOperation):
            yield from operation.emits
    for saga in sagas:
        yield from messages_of_saga(saga)


def _named(root: Node, *path: str) -> tuple[tuple[str, Node], ...]:
    found = root.get(*path)
    return tuple(found.fields.items()) if found is not None else ()


def _members(root: Node, *path: str) -> tuple[Node, ...]:
    return tuple(node for _, node in _named(root, *path))
