"""How a message travels in a sequence diagram: at once, or by outbox and broker."""

from __future__ import annotations

from dataclasses import dataclass

from eda_gen.emit.diagrams.sequence import Sequence
from eda_gen.model import Catalog, Message, MessageId
from eda_gen.model.flow import FlowGraph

__all__ = ["Post"]

OTHERS = "\0others"
"""The participant for whoever is outside of the workspace."""


@dataclass(frozen=True, slots=True)
class Post:
    """Draws messages. With `hops`, each goes through its sender's outbox and its channel."""

    catalog: Catalog
    graph: FlowGraph
    hops: bool = False

    def service(self, script: Sequence, name: str | None) -> str:
        return script.participant(name, name) if name is not None else script.participant(OTHERS, "others")

    def deliver(
        self,
        script: Sequence,
        message: MessageId,
        sender: str,
        receiver: str,
        channel: str | None,
        *,
        dashed: bool = False,
    ) -> None:
        """Draw one message between two participants; `channel` as the flow graph knows it."""
        found = self.catalog.messages[message]
        if not self.hops:
            script.message(sender, receiver, self.name(found), self._where(found, channel), dashed=dashed)
            return
        outbox = self._outbox(script, found, sender)
        broker = script.participant(f"{channel}\0channel", self.address(channel) or "channel", after=outbox)
        script.message(outbox, broker, self.name(found), _key(found))
        script.message(broker, receiver, self.name(found), dashed=dashed)

    def _outbox(self, script: Sequence, message: Message, sender: str) -> str:
        """Where a message leaves for the broker: its sender's outbox, unless an operation goes past that."""
        service = script.owner(sender)
        if service == OTHERS or self._is_direct(service, message.id):
            return sender
        outbox = script.participant(f"{service}\0outbox", "outbox of", service, after=sender)
        script.message(sender, outbox, self.name(message), "in the same transaction")
        return outbox

    def _is_direct(self, service: str, message: MessageId) -> bool:
        sends = (each for found in self.catalog.services if found.name == service for each in found.sends)
        return any(not each.outbox and message in each.messages for each in sends)

    def name(self, message: Message) -> str:
        return f"{message.name} v{message.version}"

    def named(self, message: MessageId) -> str:
        return self.name(self.catalog.messages[message])

    def address(self, channel: str | None) -> str:
        found = self.catalog.channels.get(channel) if channel is not None else None
        return (found.address or found.name) if found is not None else ""

    def _where(self, message: Message, channel: str | None) -> str:
        return " · ".join(each for each in (self.address(channel), _key(message)) if each)


def _key(message: Message) -> str:
    """`key customerId`: the pointer's steps, without the expression around it."""
    return f"key {message.key.partition('#')[2].removeprefix('/')}" if message.key is not None else ""
