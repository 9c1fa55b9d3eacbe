"""Which thing of the new catalog is which thing of the old one."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from eda_gen.model import Catalog, Channel, Message, MessageId

__all__ = ["Matched", "match_channels", "match_messages", "message_name", "same_messages"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Matched(Generic[T]):
    pairs: tuple[tuple[T, T], ...]
    removed: tuple[T, ...]
    added: tuple[T, ...]


def message_name(message: Message) -> str:
    return f"{message.name}.v{message.version}"


def match_messages(old: Catalog, new: Catalog) -> Matched[Message]:
    """By name and version; where several share them, by where they are written."""
    return _matched(
        tuple(old.messages.values()),
        tuple(new.messages.values()),
        (lambda each: (each.name, each.version, each.id), lambda each: (each.name, each.version)),
    )


def match_channels(old: Catalog, new: Catalog) -> Matched[Channel]:
    """By where they are written; a channel that moved to another place, by its address, then by its name."""
    return _matched(
        tuple(old.channels.values()),
        tuple(new.channels.values()),
        (lambda each: each.id, lambda each: each.address or each.id, lambda each: each.name),
    )


def _matched(old: tuple[T, ...], new: tuple[T, ...], keys: Iterable[Callable[[T], Hashable]]) -> Matched[T]:
    """Pairs by the first key that fits, the nearer keys first."""
    pairs: list[tuple[T, T]] = []
    for key in keys:
        waiting: dict[Hashable, list[T]] = {}
        for each in old:
            waiting.setdefault(key(each), []).append(each)
        taken = [(waiting[key(each)].pop(0), each) for each in new if waiting.get(key(each))]
        pairs += taken
        known = {id(each) for pair in taken for each in pair}
        old = tuple(each for each in old if id(each) not in known)
        new = tuple(each for each in new if id(each) not in known)
    return Matched(tuple(pairs), old, new)


def same_messages(matched: Matched[Message]) -> Mapping[MessageId, MessageId]:
    """From the id of an old message to the id of the new one that it is now."""
    return {old.id: new.id for old, new in matched.pairs}
