"""What one worker has of a subscription: the messages under lease, by key, each key in its order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from google.pubsub_v1.types import PubsubMessage, ReceivedMessage

__all__ = ["Held", "Holding"]

Key: TypeAlias = tuple[str, str]
"""An ordering key; a message without one is a key of its own, by its id."""


@dataclass(slots=True, eq=False)
class Held:
    """A message that Pub/Sub gives to nobody else while its lease is extended. `lease` is its acknowledgement id."""

    message: PubsubMessage
    lease: str
    key: Key
    state: Literal["waiting", "in hand", "done"] = "waiting"


@dataclass(slots=True)
class Holding:
    """A key's messages are acknowledged without gaps, as Pub/Sub demands; one done early waits for those before it.

    What is released is handed out again from here: no word of it goes to Pub/Sub, so its order is ours to keep.
    """

    octets: int = 0
    _held: dict[str, Held] = field(default_factory=dict)
    _keys: dict[Key, deque[Held]] = field(default_factory=dict)
    _waiting: dict[Key, None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._held)

    @property
    def leases(self) -> list[str]:
        """Of all messages, each key's in order."""
        return [each.lease for queue in self._keys.values() for each in queue]

    def arrived(self, received: Iterable[ReceivedMessage]) -> list[str]:
        """Take in what was pulled; returns its leases. A message that we have already was given to us anew."""
        leases: list[str] = []
        for each in received:
            leases.append(each.ack_id)
            known = self._held.get(each.message.message_id)
            if known:
                known.lease = each.ack_id
            else:
                self._add(each.message, each.ack_id)
        return leases

    def take(self, limit: int) -> list[Held]:
        """Hand out what waits, each key in order; a key that is not exhausted goes behind the others."""
        taken: list[Held] = []
        while self._waiting and len(taken) < limit:
            key = next(iter(self._waiting))
            del self._waiting[key]
            waiting = [each for each in self._keys.get(key, ()) if each.state == "waiting"]
            for each in waiting[: limit - len(taken)]:
                each.state = "in hand"
                taken.append(each)
            if waiting and waiting[-1].state == "waiting":
                self._waiting[key] = None
        return taken

    def done(self, messages: Iterable[Held]) -> list[str]:
        """Note that these are done; returns the leases to acknowledge, each key's in order."""
        mine = [each for each in messages if self._has(each)]
        for each in mine:
            each.state = "done"
        return [lease for key in dict.fromkeys(each.key for each in mine) for lease in self._finish(key)]

    def release(self, messages: Iterable[Held]) -> None:
        """Let these wait again, and what of their keys was handed out after them."""
        for each in messages:
            if self._has(each) and each.state == "in hand":
                queue = self._keys[each.key]
                for later in list(queue)[queue.index(each) :]:
                    later.state = "waiting" if later.state == "in hand" else later.state
                self._waiting[each.key] = None

    def _has(self, message: Held) -> bool:
        return self._held.get(message.message.message_id) is message

    def _add(self, message: PubsubMessage, lease: str) -> None:
        key = (message.ordering_key, "" if message.ordering_key else message.message_id)
        held = Held(message, lease, key)
        self._held[message.message_id] = held
        self._keys.setdefault(key, deque()).append(held)
        self._waiting[key] = None
        self.octets += len(message.data)

    def _finish(self, key: Key) -> list[str]:
        """Let go of what of a key is done without a gap."""
        queue, leases = self._keys[key], []
        while queue and queue[0].state == "done":
            gone = queue.popleft()
            del self._held[gone.message.message_id]
            self.octets -= len(gone.message.data)
            leases.append(gone.lease)
        if not queue:
            del self._keys[key]
        return leases
