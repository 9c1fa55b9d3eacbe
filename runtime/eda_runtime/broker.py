"""The broker of a service, connected to when it is first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.errors import ConfigurationError
from eda_runtime.settings import Settings
from eda_runtime.transports import Features, Lag, Outgoing, ProvisionStep, Receiver, ReplayRange, Transport
from eda_runtime.transports.registry import open_transport

__all__ = ["Broker"]


class Broker:
    """A transport that connects by its first call: what only writes to the outbox starts without its broker."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connecting = asyncio.Lock()
        self._transport: Transport | None = None

    async def connect(self) -> Transport:
        """The transport itself. Raises `TransportError` if the broker cannot be reached."""
        async with self._connecting:
            if self._transport is None:
                self._transport = await open_transport(self._settings.broker_url, self._settings)
            return self._transport

    @property
    def features(self) -> Features:
        if self._transport is None:
            raise ConfigurationError("what a broker can do is known once it is connected")
        return self._transport.features

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        await (await self.connect()).publish(messages)

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        return await (await self.connect()).receiver(policy, replay)

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        return await (await self.connect()).provision(topology, dry_run=dry_run)

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        return await (await self.connect()).lag(topology)

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.close()
