"""Operations, with the policies that their service runs them under."""

from __future__ import annotations

from dataclasses import dataclass

from eda_gen.asyncapi import eda
from eda_gen.asyncapi.traits import with_traits
from eda_gen.model import Channel, MessageId, Operation, ReceiveOperation, Reply, SendOperation
from eda_gen.passes import defaults
from eda_gen.passes.channels import ChannelTable, scheme_names
from eda_gen.passes.context import Context
from eda_gen.passes.messages import MessageTable
from eda_gen.source import Node

__all__ = ["OperationReader"]


@dataclass(frozen=True, slots=True)
class OperationReader:
    context: Context
    channels: ChannelTable
    messages: MessageTable

    def read(self, name: str, node: Node, document_service: str) -> tuple[str, Operation] | None:
        """The service that an operation belongs to, and the operation; nothing where a reference led nowhere."""
        written = self.context.resolve(node)
        if written is None:
            return None
        merged = with_traits(written, self.context.workspace)
        field = merged.get("channel")
        channel = self.channels.take(field) if field is not None else None
        if channel is None:
            return None
        service = eda.text(merged.get("x-eda"), "service") or document_service
        if merged.text_at("action") == "send":
            return service, self._send(name, merged, channel)
        return service, self._receive(name, merged, channel, service)

    def _send(self, name: str, node: Node, channel: Channel) -> SendOperation:
        publishes = tuple(sorted(eda.integers(node.get("x-eda"), "publishes")))
        return SendOperation(
            id=name,
            channel=channel.id,
            messages=self._with_older(self._messages_of(node, channel), publishes, channel),
            outbox=eda.boolean(node.get("x-eda"), "outbox", default=True),
            publishes=publishes,
            reply=self._reply(node),
            title=self.context.text(node, "title"),
            description=self.context.text(node, "description", "summary"),
            security=scheme_names(node),
            bindings=self.context.bindings(node),
            span=node.span,
        )

    def _receive(self, name: str, node: Node, channel: Channel, service: str) -> ReceiveOperation:
        extension = node.get("x-eda")
        group = eda.text(extension, "group") or defaults.group(service, name)
        return ReceiveOperation(
            id=name,
            channel=channel.id,
            messages=self._messages_of(node, channel),
            group=group,
            idempotency_window=eda.duration(extension, "idempotency", "window") or defaults.IDEMPOTENCY_WINDOW,
            retry=eda.retry(extension),
            on_failure=eda.on_failure(extension),
            dead_letter=eda.dead_letter(extension, defaults.dead_letter_address(channel.address, group)),
            concurrency=eda.integer(extension, "concurrency") or defaults.CONCURRENCY,
            batch=eda.integer(extension, "batch") or defaults.BATCH,
            handler=eda.handler(extension),
            emits=self.messages.take_all(eda.nodes(extension, "emits")),
            reply=self._reply(node),
            title=self.context.text(node, "title"),
            description=self.context.text(node, "description", "summary"),
            security=scheme_names(node),
            bindings=self.context.bindings(node),
            span=node.span,
        )

    def _messages_of(self, node: Node, channel: Channel) -> tuple[MessageId, ...]:
        """Those that the operation names; without a list, all of its channel (AsyncAPI 3.1, Operation Object)."""
        listed = node.get("messages")
        return self.messages.take_all(listed.items) if listed is not None else channel.messages

    def _with_older(
        self, listed: tuple[MessageId, ...], publishes: tuple[int, ...], channel: Channel
    ) -> tuple[MessageId, ...]:
        """With the older versions that are published beside: they are sent as well."""
        known = self.messages.messages
        newest: dict[str, int] = {}
        for each in listed:
            newest[known[each].name] = max(known[each].version, newest.get(known[each].name, 0))
        beside = (
            each
            for each in channel.messages
            if known[each].version in publishes and known[each].version < newest.get(known[each].name, 0)
        )
        return tuple(dict.fromkeys((*listed, *beside)))

    def _reply(self, node: Node) -> Reply | None:
        reply = self.context.resolve(node.get("reply"))
        if reply is None:
            return None
        field, address = reply.get("channel"), self.context.resolve(reply.get("address"))
        channel = self.channels.take(field) if field is not None else None
        listed = reply.get("messages")
        of_channel = channel.messages if channel is not None else ()
        return Reply(
            channel=channel.id if channel is not None else None,
            address=address.text_at("location") if address is not None else None,
            messages=self.messages.take_all(listed.items) if listed is not None else of_channel,
        )
