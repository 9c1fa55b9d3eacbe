"""One transaction of the service's database, with the messages that leave when it commits."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from eda_runtime import outbox
from eda_runtime.envelope import Envelope
from eda_runtime.outbox import Producer
from eda_runtime.stores import Store, Transaction
from eda_runtime.transports import Outgoing

__all__ = ["AfterCommit", "Context", "UnitOfWork", "Work", "begin"]

AfterCommit = Callable[[], Awaitable[None]]
Publisher_co = TypeVar("Publisher_co", covariant=True)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Work:
    """An open transaction, the messages that it queues and who they come from, and what is to run after its commit."""

    transaction: Transaction
    producer: Producer
    pending: list[Outgoing] = field(default_factory=list)
    callbacks: list[AfterCommit] = field(default_factory=list)


@asynccontextmanager
async def begin(store: Store, producer: Producer, wake: Callable[[], None]) -> AsyncIterator[Work]:
    """Open a transaction; at the end of the block write its messages, commit, and wake the relay."""
    async with store.transaction() as transaction:
        work = Work(transaction, producer)
        yield work
        await transaction.flush()
        if work.pending:
            await outbox.write(transaction, work.pending)
            await store.ring(transaction)
    if work.pending:
        wake()
    for callback in work.callbacks:
        await _run(callback)


async def _run(callback: AfterCommit) -> None:
    try:
        await callback()
    except Exception:  # the transaction has committed: nothing can be undone, and nobody waits
        log.exception("a callback failed after the commit of its unit of work")


class UnitOfWork(Generic[Publisher_co]):
    """A transaction of a service: its effects and its messages happen together or not at all."""

    def __init__(self, work: Work, publish: Publisher_co) -> None:
        self._work = work
        self.publish = publish

    @property
    def work(self) -> Work:
        """The transaction as the runtime's own parts see it."""
        return self._work

    @property
    def session(self) -> AsyncSession:
        """A SQLAlchemy session in this transaction. It may flush and nest; the unit of work commits it."""
        return self._work.transaction.session

    @property
    def connection(self) -> Any:
        """The driver's connection in this transaction: an `asyncpg.Connection` or an `aiosqlite.Connection`."""
        return self._work.transaction.connection

    def after_commit(self, callback: AfterCommit) -> None:
        """Await `callback` once the transaction has committed: at most once, and not if the process dies first."""
        self._work.callbacks.append(callback)


class Context(UnitOfWork[Publisher_co]):
    """What a handler has beside its message: the consumer's transaction, which also holds the message's inbox entry.

    Keep effects in `session` (or `connection`) and `publish`. When another message of the batch fails, the transaction
    rolls back and handlers run again; what must reach outside belongs in `after_commit`.
    """

    def __init__(self, work: Work, publish: Publisher_co, envelopes: Sequence[Envelope], attempt: int) -> None:
        super().__init__(work, publish)
        self.envelopes = envelopes
        self.attempt = attempt

    @property
    def envelope(self) -> Envelope:
        """Of the message being handled; the first one's where the handler takes a batch."""
        return self.envelopes[0]
