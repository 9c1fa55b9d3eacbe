"""A saga on a stage: the same scenes for whatever coordinates it, told in names of messages."""

from __future__ import annotations

import asyncio
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self, TypeAlias
from uuid import uuid4

from pydantic import BaseModel
from temporalio.client import Client, WorkflowHandle
from temporalio.service import RPCError, RPCStatusCode

from eda_runtime import App, MessageContract
from eda_runtime.codec import encode
from eda_runtime.saga import control
from eda_runtime.saga.control import Event
from eda_runtime.saga.progress import Progress
from eda_runtime.testing import Harness
from eda_runtime.transports import Outgoing

__all__ = ["EmbeddedStage", "Script", "Stage", "TemporalStage"]

Script: TypeAlias = Callable[[str], tuple[MessageContract[Any], BaseModel]]
"""A message by its name."""
STEP = timedelta(milliseconds=100)


class Stage(ABC):
    """A service with sagas whose participants are the test: it hears what is sent, and says what comes in.

    `instance` is whose story is told, of the saga called `saga`.
    """

    def __init__(self, app: App[Any], script: Script, instance: str) -> None:
        self.harness: Harness[Any] = Harness(app)
        self.instance = instance
        self._script = script
        self._said: dict[str, Outgoing] = {}

    async def __aenter__(self) -> Self:
        await self.harness.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.harness.__aexit__(kind, error, trace)

    async def tell(self, *names: str) -> None:
        """Say messages, each when all that the one before set off is done."""
        for name in names:
            await self.say(name)
            await self.settle()

    async def say(self, *names: str) -> None:
        """Say messages at once."""
        for name in names:
            self._said[name] = await self.harness.publish(*self._script(name))

    async def repeat(self, *names: str) -> None:
        """Say what was said before, under the same ids."""
        for name in names:
            await self.harness.send(self._said[name])
            await self.settle()

    async def answer(self, command: str, name: str) -> None:
        """Reply as a handler does: in the thread of the command, which is named as the cause."""
        asked = next(each for each in self.harness.published if _name(each) == command)
        contract, payload = self._script(name)
        envelope = replace(
            asked.envelope,
            id=str(uuid4()),
            source="/elsewhere",
            type=contract.type,
            data=encode(payload),
            causationid=asked.envelope.id,
        )
        takers = (each for each in self.harness.app.subscriptions if contract in each.messages)
        await self.harness.send(Outgoing(next(takers).policy.channel.address, envelope))
        await self.settle()

    @property
    def sent(self) -> list[str]:
        """The names of what was sent, each message once, in order."""
        return [_name(each) for each in {each.envelope.id: each for each in self.harness.published}.values()]

    def times(self, name: str) -> int:
        """How often a message was sent, under whatever ids."""
        return sum(_name(each) == name for each in self.harness.published)

    def said(self, name: str) -> dict[str, Any]:
        """What a message said that was sent once."""
        (found,) = {each.envelope.data for each in self.harness.published if _name(each) == name}
        plain: dict[str, Any] = json.loads(found)
        return plain

    async def told(self, saga: str = "BookTrip") -> list[str]:
        return [each.kind for each in await self.history(saga)]

    @abstractmethod
    async def settle(self) -> None:
        """Let happen what can happen now."""

    @abstractmethod
    async def wait(self, seconds: float) -> None:
        """Let time pass, and happen what becomes due."""

    @abstractmethod
    async def pause(self) -> None:
        """Let no coordinator run until `restart`."""

    @abstractmethod
    async def restart(self) -> None:
        """Let the coordinator die, and another go on."""

    @abstractmethod
    async def progress(self, saga: str = "BookTrip") -> Progress: ...

    @abstractmethod
    async def history(self, saga: str = "BookTrip") -> Sequence[Event]: ...

    @abstractmethod
    async def retry(self, saga: str = "BookTrip") -> None: ...

    @abstractmethod
    async def abandon(self, saga: str = "BookTrip") -> None: ...


class EmbeddedStage(Stage):
    """The coordinator is the service itself; time is the harness's."""

    _paused = False

    async def settle(self) -> None:
        if not self._paused:
            await self.harness.settle()

    async def wait(self, seconds: float) -> None:
        for _ in range(int(timedelta(seconds=seconds) / STEP)):
            await self.harness.advance(STEP)

    async def pause(self) -> None:
        self._paused = True

    async def restart(self) -> None:
        self._paused = False
        await self.harness.restart()

    async def progress(self, saga: str = "BookTrip") -> Progress:
        sql = "SELECT progress FROM eda_saga WHERE saga = $1 AND id = $2"
        ((found,),) = await self.harness.app.opened.store.fetch(sql, saga, self.instance)
        return Progress.model_validate_json(found)

    async def history(self, saga: str = "BookTrip") -> Sequence[Event]:
        return await control.history(self.harness.app.opened.store, saga, self.instance)

    async def retry(self, saga: str = "BookTrip") -> None:
        await control.retry(self.harness.app.opened.store, saga, self.instance)
        await self.settle()

    async def abandon(self, saga: str = "BookTrip") -> None:
        await control.abandon(self.harness.app.opened.store, saga, self.instance, "enough")


class TemporalStage(Stage):
    """The coordinator is a workflow on a server, carried through by the worker that the service runs; time is real."""

    def __init__(self, app: App[Any], script: Script, instance: str, client: Client, sagas: Sequence[str]) -> None:
        super().__init__(app, script, instance)
        self.client = client
        self._sagas = sagas

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._work()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.pause()
        for saga in self._sagas:
            with suppress(RPCError):
                await self.handle(saga).terminate("the scene is over")
        await super().__aexit__(kind, error, trace)

    def handle(self, saga: str = "BookTrip") -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(f"{saga}/{self.instance}")

    async def settle(self) -> None:
        sent = -1
        while sent < len(self.harness.published):
            sent = len(self.harness.published)
            await self.harness.settle()
            while self._working() and not all([await self._rests(saga) for saga in self._sagas]):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            await self.harness.settle()

    async def wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            await self.settle()
            await asyncio.sleep(STEP.total_seconds())
        await self.settle()

    async def pause(self) -> None:
        self._worker.cancel()
        with suppress(asyncio.CancelledError):
            await self._worker

    async def restart(self) -> None:
        await self.pause()
        self._work()

    async def progress(self, saga: str = "BookTrip") -> Progress:
        found: Progress = await self.handle(saga).query("progress", result_type=Progress)
        return found

    async def history(self, saga: str = "BookTrip") -> Sequence[Event]:
        found: list[Event] = await self.handle(saga).query("history", result_type=list[Event])
        return found

    async def retry(self, saga: str = "BookTrip") -> None:
        await self.handle(saga).signal("retry")
        await self.settle()

    async def abandon(self, saga: str = "BookTrip") -> None:
        await self.handle(saga).signal("abandon", "enough")
        await self.settle()

    async def _rests(self, saga: str) -> bool:
        """Whether nothing happens in a workflow until a signal comes or time has passed."""
        try:
            found = (await self.handle(saga).describe()).raw_description
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True
            raise
        begins = found.workflow_execution_info.execution_time.ToDatetime(UTC)
        waits = found.pending_activities or found.HasField("pending_workflow_task") or begins > datetime.now(UTC)
        return not waits

    def _work(self) -> None:
        (worker,) = self.harness.app.workers
        self._worker = asyncio.create_task(worker(self.harness.app.opened))

    def _working(self) -> bool:
        if self._worker.done() and not self._worker.cancelled():
            self._worker.result()
        return not self._worker.done()


def _name(message: Outgoing) -> str:
    return message.envelope.type.rpartition(".v")[0].rpartition(".")[2]
