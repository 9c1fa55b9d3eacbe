"""The SQLAlchemy session that joins a transaction which the runtime began."""

from __future__ import annotations

from typing import NoReturn

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, AsyncSessionTransaction
from sqlalchemy.orm import Session

from eda_runtime.errors import UnitOfWorkError

__all__ = ["JoinedSession", "open_session"]


class JoinedSession(AsyncSession):
    """A session whose transaction belongs to the unit of work: it flushes and nests, and may not end it."""

    async def commit(self) -> NoReturn:
        _refuse("commit")

    async def rollback(self) -> NoReturn:
        _refuse("roll back")

    async def close(self) -> NoReturn:
        _refuse("close")

    async def reset(self) -> NoReturn:
        _refuse("reset")

    async def invalidate(self) -> NoReturn:
        _refuse("invalidate")

    def begin(self) -> AsyncSessionTransaction:
        _refuse("begin a transaction with")

    async def end(self) -> None:
        """Let go of the connection, after the unit of work has committed or rolled back."""
        await super().close()


def open_session(connection: AsyncConnection) -> JoinedSession:
    session = JoinedSession(bind=connection, expire_on_commit=False)
    event.listen(session.sync_session, "before_commit", _refuse_commit)
    return session


def _refuse_commit(session: Session) -> None:
    if not session.in_nested_transaction():
        _refuse("commit")


def _refuse(what: str) -> NoReturn:
    raise UnitOfWorkError(
        f"a handler may not {what} its session: the unit of work commits once, with the inbox and the outbox. "
        "Use `session.begin_nested()` for a part that may fail, and raise to roll back everything"
    )
