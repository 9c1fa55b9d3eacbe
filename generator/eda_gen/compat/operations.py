"""Services and their operations: who still sends, who still receives, and under which policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from eda_gen.compat.change import Finding, User
from eda_gen.compat.difference import Difference, Direction, Place
from eda_gen.compat.matching import Matched, message_name, same_messages
from eda_gen.compat.policies import compare_policies
from eda_gen.compat.rules import rule
from eda_gen.compat.usage import Usage
from eda_gen.model import (
    Catalog,
    Channel,
    Message,
    MessageId,
    Operation,
    ReceiveOperation,
    Reply,
    SendOperation,
    Service,
)

__all__ = ["Workspaces", "compare_services", "operation_place"]


@dataclass(frozen=True, slots=True)
class Workspaces:
    """Two catalogs, what in them is the same thing, and who uses it."""

    old: Catalog
    new: Catalog
    messages: Matched[Message]
    channels: Matched[Channel]
    before: Usage
    after: Usage


def operation_place(service: Service, operation: Operation) -> Place:
    return Place(service.document.path, "").child("operations", operation.id)


def compare_services(both: Workspaces) -> Iterator[Finding]:
    now = {service.name: service for service in both.new.services}
    same = same_messages(both.messages)
    moved = {old.id: new.id for old, new in both.channels.pairs}
    for service in both.old.services:
        if service.name not in now:
            yield _service_removed(service, both)
        else:
            yield from _Operations(both, service, now[service.name], same, moved).compare()


def _service_removed(service: Service, both: Workspaces) -> Finding:
    place = Place(service.document.path, "/info")
    told = f"the service `{service.name}` was removed"
    senders = both.before.sending(message for each in service.receives for message in each.messages)
    receivers = both.before.receiving(message for each in service.sends for message in each.messages)
    others = [tuple(user for user in users if user.service != service.name) for users in (senders, receivers)]
    difference = Difference(rule("service-removed"), Direction.CHANGES, told, place, place)
    return Finding(service.name, difference, others[0], others[1])


@dataclass(frozen=True, slots=True)
class _Operations:
    """The operations of one service, then and now."""

    both: Workspaces
    was: Service
    now: Service
    same: Mapping[MessageId, MessageId]
    moved: Mapping[str, str]

    def compare(self) -> Iterator[Finding]:
        left = {each.id: each for each in _all(self.now)}
        for old in _all(self.was):
            new = left.get(old.id)
            if new is None:
                yield from self._removed(old)
            elif type(old) is not type(new) or self.moved.get(old.channel) != new.channel:
                yield from self._elsewhere(old, new)
            else:
                yield from self._changed(old, new)

    def _finding(self, old: Operation, difference: Difference, messages: Iterable[MessageId]) -> Finding:
        """Who sends what is no longer received is hurt backward; who receives what is no longer sent, forward."""
        known = tuple(messages)
        own = User(self.was.name, old.id)
        senders, receivers = self.both.before.sending(known), self.both.before.receiving(known)
        near = old.span, next((each.span for each in _all(self.now) if each.id == old.id), self.now.span)
        return Finding(str(own), difference, _without(senders, own), _without(receivers, own), near)

    def _removed(self, old: Operation) -> Iterator[Finding]:
        if old.channel not in self.moved:
            return
        told = f"the operation `{old.id}` was removed"
        places = operation_place(self.was, old), Place(self.now.document.path, "/operations")
        yield self._finding(old, Difference(rule("operation-removed"), _loss(old), told, *places), old.messages)

    def _elsewhere(self, old: Operation, new: Operation) -> Iterator[Finding]:
        turned = type(old) is not type(new)
        if not turned and old.channel not in self.moved:
            return
        told = f"the operation `{old.id}` {'changed its direction' if turned else 'moved to another channel'}"
        keyword = "action" if turned else "channel"
        places = self._places(old, new, keyword)
        yield self._finding(old, Difference(rule("operation-channel"), Direction.CHANGES, told, *places), old.messages)

    def _changed(self, old: Operation, new: Operation) -> Iterator[Finding]:
        kept = set(new.messages)
        for message in old.messages:
            if message in self.same and self.same[message] not in kept:
                name = message_name(self.both.old.messages[message])
                told = f"the operation `{old.id}` no longer {'sends' if isinstance(old, SendOperation) else 'receives'} {name}"
                places = self._places(old, new, "messages")
                yield self._finding(old, Difference(rule("operation-messages"), _loss(old), told, *places), [message])
        yield from self._reply(old, new)
        before = old, self.both.old.channels[old.channel].address
        after = new, self.both.new.channels[new.channel].address
        for difference in compare_policies(before, after, *self._places(old, new)):
            own = (User(self.was.name, old.id),)
            yield Finding(str(own[0]), difference, own, own, (old.span, new.span))

    def _reply(self, old: Operation, new: Operation) -> Iterator[Finding]:
        before, after = old.reply, new.reply
        if before is None:
            return
        gone = [each for each in before.messages if each in self.same and self.same[each] not in _answers(after)]
        if after is not None and not gone and self._same_address(before, after):
            return
        loss = _loss(old).flipped if after is None or self._same_address(before, after) else Direction.CHANGES
        told = f"the reply of `{old.id}` {'was removed' if after is None else 'changed'}"
        difference = Difference(rule("reply"), loss, told, *self._places(old, new, "reply"))
        yield self._finding(old, difference, before.messages)

    def _same_address(self, old: Reply, new: Reply) -> bool:
        channel = self.moved.get(old.channel) if old.channel is not None else None
        return old.address == new.address and (old.channel is None) == (new.channel is None) and channel == new.channel

    def _places(self, old: Operation, new: Operation, *path: str) -> tuple[Place, Place]:
        return operation_place(self.was, old).child(*path), operation_place(self.now, new).child(*path)


def _all(service: Service) -> tuple[Operation, ...]:
    return (*service.sends, *service.receives)


def _loss(operation: Operation) -> Direction:
    """Old readers miss what is no longer sent; new readers leave what old senders still send."""
    return Direction.NARROWS if isinstance(operation, ReceiveOperation) else Direction.WIDENS


def _answers(reply: Reply | None) -> tuple[MessageId, ...]:
    return reply.messages if reply is not None else ()


def _without(users: tuple[User, ...], own: User) -> tuple[User, ...]:
    return tuple(user for user in users if user != own)
