"""The broker of a service, connected to when it is first needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta

from eda_runtime.contracts import ReceivePolicy, Topology
from eda_runtime.errors import ConfigurationError, TransportError
from eda_runtime.naming import Naming
from eda_runtime.settings import Settings, redacted
from eda_runtime.transports import (
    Features,
    Informed,
    Lag,
    Outgoing,
    ProvisionStep,
    Receiver,
    ReplayRange,
    Retaining,
    Transport,
)
from eda_runtime.transports.registry import open_transport

__all__ = ["Broker"]

UNFIT = ("create", "conflict")
log = logging.getLogger(__name__)


class Broker:
    """A transport that connects by its first call: what only writes to the outbox starts without its broker.

    It is spoken to in the names of the spec, whatever the broker calls things.
    """

    def __init__(self, settings: Settings, topology: Topology) -> None:
        self._settings = settings
        self._topology = topology
        self._naming = Naming.of(settings.broker_url, topology)
        self._connecting = asyncio.Lock()
        self._transport: Transport | None = None

    async def connect(self) -> Transport:
        """The transport itself. Raises `TransportError` if the broker cannot be reached."""
        async with self._connecting:
            if self._transport is None:
                self._transport = await open_transport(self._settings.broker_url, self._settings)
                if isinstance(self._transport, Informed):
                    self._transport.inform(self._naming.topology(self._topology))
            return self._transport

    @property
    def features(self) -> Features:
        if self._transport is None:
            raise ConfigurationError("what a broker can do is known once it is connected")
        return self._transport.features

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        transport = await self.connect()
        await transport.publish([self._naming.message(each) for each in messages])

    async def receiver(self, policy: ReceivePolicy, replay: ReplayRange | None = None) -> Receiver:
        return await (await self.connect()).receiver(self._naming.policy(policy), replay)

    async def provision(self, topology: Topology, *, dry_run: bool = False) -> Sequence[ProvisionStep]:
        return await (await self.connect()).provision(self._naming.topology(topology), dry_run=dry_run)

    async def require(self, topology: Topology) -> None:
        """Raises `ConfigurationError` naming all that is missing or does not fit. A broker that does not let this
        service look is taken to be in order: least privilege may allow no more than to send and to receive."""
        await self.connect()
        try:
            steps = await self.provision(topology, dry_run=True)
        except TransportError as error:
            log.warning("whether the broker has all that this service needs cannot be seen: %s", error)
            return
        if unfit := [step for step in steps if step.action in UNFIT]:
            listed = "".join(f"\n  {each.what}{f' ({each.detail})' if each.detail else ''}" for each in unfit)
            broker = redacted(self._settings.broker_url)
            raise ConfigurationError(
                f"{broker} lacks what this service needs, or has it otherwise: run `eda provision` first{listed}"
            )

    async def lag(self, topology: Topology) -> Sequence[Lag]:
        transport = await self.connect()
        return self._naming.lags(topology, await transport.lag(self._naming.topology(topology)))

    async def purge(self, older_than: timedelta | None = None, *, unread: bool = False) -> int:
        """Nothing where the broker forgets messages by itself."""
        transport = await self.connect()
        return await transport.purge(older_than, unread=unread) if isinstance(transport, Retaining) else 0

    async def close(self) -> None:
        if self._transport is not None:
            await self._transport.close()
