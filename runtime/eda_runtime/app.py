"""A service: its contracts, its handlers, its store and its broker, ready to be used or run."""

from __future__ import annotations

import asyncio
import copy
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeAlias, TypeVar

from eda_runtime import expressions
from eda_runtime.broker import Broker
from eda_runtime.contracts import AnySubscription, Topology
from eda_runtime.errors import ConfigurationError
from eda_runtime.outbox import Outbox
from eda_runtime.saga.coordinator import Coordinator
from eda_runtime.saga.definition import AnySaga
from eda_runtime.service import Service
from eda_runtime.settings import Settings
from eda_runtime.stores import Store, open_store
from eda_runtime.telemetry import Telemetry
from eda_runtime.transports import Transport
from eda_runtime.unit_of_work import UnitOfWork

__all__ = ["ROLES", "App", "Role"]

Role: TypeAlias = Literal["consumer", "relay", "retry", "saga"]
Worker: TypeAlias = Callable[[Service[Any]], Coroutine[Any, Any, None]]
"""What carries sagas through that another coordinator than ours keeps, until the service is to stop."""
ROLES: tuple[Role, ...] = ("consumer", "relay", "retry", "saga")
Publisher_co = TypeVar("Publisher_co", covariant=True)
CLOSE_SECONDS = 5.0
"""Beyond the grace period, until everything must have ended: a broker may be there and not answer."""
ROLL_BACK_SECONDS = 2.0
"""Of these, for what was in hand."""
STORE_SECONDS = 1.0
"""Of these, for the database."""
log = logging.getLogger(__name__)


class App(Generic[Publisher_co]):
    """A service. Generated code makes it; `eda run` runs it; a web application opens it and begins units of work:

        async with app:
            async with app.unit_of_work() as uow:
                uow.publish.order_placed(...)

    Nothing is opened before `async with app` or `run`.
    """

    def __init__(
        self,
        *,
        service: str,
        version: str,
        source: str,
        publisher: Callable[[Outbox], Publisher_co],
        topology: Topology,
        subscriptions: Iterable[AnySubscription],
        settings: Settings,
        sagas: Iterable[AnySaga] = (),
        workers: Iterable[Worker] = (),
    ) -> None:
        self.service = service
        self.version = version
        self.source = source
        self.topology = topology
        self.sagas = tuple(sagas)
        self.workers = tuple(workers)
        taken_by_sagas = (each for saga in self.sagas for each in Coordinator[Any](saga).subscriptions())
        self.subscriptions = (*subscriptions, *taken_by_sagas)
        self.settings = replace(settings, service=service)
        self._publisher = publisher
        self._store: Store | None = None
        self._transport: Transport | None = None
        self._opened: Service[Publisher_co] | None = None
        self._users = 0
        self._opening = asyncio.Lock()
        _check_expressions(self.subscriptions)

    def bound_to(self, *, store: Store, transport: Transport) -> App[Publisher_co]:
        """The same service on a store and a transport that are open already, and that it will not close."""
        bound = copy.copy(self)
        bound._store, bound._transport = store, transport
        bound._opened, bound._users = None, 0
        bound._opening = asyncio.Lock()
        return bound

    @property
    def opened(self) -> Service[Publisher_co]:
        """The store and the broker of this service, inside `async with app`."""
        if self._opened is None:
            raise ConfigurationError(f"{self.service} is not open: use it inside `async with app:`")
        return self._opened

    async def __aenter__(self) -> Self:
        async with self._opening:
            if self._opened is None:
                self._opened = await self._open()
            self._users += 1
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._leave(CLOSE_SECONDS)

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork[Publisher_co]]:
        """One database transaction: commits at the end of the block, rolls back if it raises."""
        async with self.opened.begin() as work:
            yield UnitOfWork(work, self.opened.publish(work))

    async def run(self, roles: Iterable[Role] = ROLES, *, handle_signals: bool = False) -> None:
        """Run `roles` until `stop` is called or the task is cancelled.

        With `handle_signals`, SIGTERM and SIGINT stop it, and a second one ends the process at once.
        """
        await self.__aenter__()
        left = CLOSE_SECONDS
        try:
            await self._prepare(self.opened)
            with _stop_signals(self.stop) if handle_signals else _nothing():
                if not await self._work_until_stopped(self.opened, frozenset(roles)):
                    left -= ROLL_BACK_SECONDS
        finally:
            await self._leave(left)

    def stop(self) -> None:
        """Let `run` finish what it has in hand, for the grace period at most, and return."""
        self.opened.stop()

    async def require_tables(self) -> None:
        """Raises `ConfigurationError` if the database lacks any of the runtime's tables."""
        if missing := await self.opened.store.pending():
            raise ConfigurationError(
                f"the database lacks the runtime's tables ({', '.join(missing)}): run `eda provision` first"
            )

    async def _prepare(self, service: Service[Publisher_co]) -> None:
        """Refuse a database without tables and a broker without channels; one file for all provisions itself."""
        await self.require_tables()
        if self.settings.one_file:
            await service.transport.provision(self.topology)
        elif isinstance(service.transport, Broker):
            await service.transport.require(self.topology)

    async def _work_until_stopped(self, service: Service[Publisher_co], roles: frozenset[Role]) -> bool:
        """Whether all work has ended; if not, we have waited for it long enough."""
        work = asyncio.create_task(self._work(service, roles))
        stopping = asyncio.create_task(service.stopping.wait())
        try:
            await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({work}, timeout=self.settings.grace.total_seconds())
            if not work.done():
                log.warning("the grace period is over: what was in hand rolls back, and is delivered again")
        finally:
            stopping.cancel()
            work.cancel()
            await asyncio.wait({work}, timeout=ROLL_BACK_SECONDS)
        if work.done() and not work.cancelled():
            work.result()
        return work.done()

    async def _leave(self, seconds: float) -> None:
        async with self._opening:
            self._users -= 1
            if self._users or self._opened is None:
                return
            service, self._opened = self._opened, None
            closing: list[asyncio.Task[None]] = []
            if self._transport is None:
                closing.append(await _closed(service.transport.close(), "the broker", seconds - STORE_SECONDS))
            if self._store is None:
                closing.append(await _closed(service.store.close(), "the database", STORE_SECONDS))
            for each in closing:
                each.cancel()  # of no effect where it has ended
            for each in closing:
                if each.done():
                    each.result()

    async def _work(self, service: Service[Publisher_co], roles: frozenset[Role]) -> None:
        from eda_runtime.consumer.poller import Poller
        from eda_runtime.consumer.retrier import Retrier
        from eda_runtime.housekeeping import Janitor
        from eda_runtime.relay import Relay
        from eda_runtime.saga.timers import Timers

        async with asyncio.TaskGroup() as tasks:

            def keep(role: Coroutine[Any, Any, None], name: str) -> None:
                tasks.create_task(_keeping(role, name), name=name)

            if "relay" in roles:
                keep(Relay(service).run(), "relay")
            if "retry" in roles:
                keep(Janitor(service, self.subscriptions, self.sagas).run(), "janitor")
            for saga in self.sagas if "saga" in roles else ():
                keep(Timers(service, saga).run(), f"{saga.name} timers")
            for worker in self.workers if "saga" in roles else ():
                keep(worker(service), "saga worker")
            for subscription in self.subscriptions:
                if "consumer" in roles:
                    keep(Poller(service, subscription).run(), subscription.policy.group)
                if "retry" in roles:
                    keep(Retrier(service, subscription).run(), f"{subscription.policy.group} retries")

    async def _open(self) -> Service[Publisher_co]:
        store = self._store or open_store(self.settings.database_url, pool_size=self.settings.pool_size)
        if store.embedded:
            await store.migrate()
        return Service(
            name=self.service,
            source=self.source,
            publisher=self._publisher,
            settings=self.settings,
            store=store,
            transport=self._transport or Broker(self.settings, self.topology),
            telemetry=Telemetry(),
        )


async def _keeping(role: Coroutine[Any, Any, None], name: str) -> None:
    """A client that cancels what awaits it would end a role, and the rest would go on without: better all end, and loudly."""
    try:
        await role
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise RuntimeError(f"{name} was cancelled, and nobody has asked for it") from error


async def _closed(close: Coroutine[Any, Any, None], what: str, seconds: float) -> asyncio.Task[None]:
    """It goes on where it is late: on its own it may still come to its end."""
    closing = asyncio.create_task(close, name=f"closing {what}")
    await asyncio.wait({closing}, timeout=seconds)
    if not closing.done():
        log.warning("%s cannot be left in order: it does not answer", what)
    return closing


def _check_expressions(subscriptions: Iterable[AnySubscription]) -> None:
    for subscription in subscriptions:
        stated = [subscription.policy.reply_to]
        for contract in subscription.messages:
            stated += [contract.key, contract.dedupe, contract.correlation]
        for expression in filter(None, stated):
            expressions.check(expression)


@contextmanager
def _stop_signals(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    received: list[int] = []

    def receive(number: int) -> None:
        if received:
            os._exit(128 + number)
        received.append(number)
        stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, receive, number)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@contextmanager
def _nothing() -> Iterator[None]:
    yield
