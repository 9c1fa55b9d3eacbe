"""A service's sagas on Temporal: its consumers bring their messages as signals, its role `saga` is a worker."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Worker

from eda_runtime.contracts import AnySubscription, BatchSubscription
from eda_runtime.envelope import Envelope
from eda_runtime.expressions import evaluate
from eda_runtime.saga.definition import AnySaga
from eda_runtime.service import Service
from eda_runtime.temporal.activities import activities
from eda_runtime.temporal.client import begin, connect, workflow_id
from eda_runtime.temporal.instance import Said
from eda_runtime.temporal.workflow import SagaWorkflow
from eda_runtime.unit_of_work import Context

__all__ = ["TemporalCoordinator"]

log = logging.getLogger(__name__)
Hosted = Mapping[type[SagaWorkflow[Any]], AnySaga]


class TemporalCoordinator:
    """Joins workflows and the sagas that they run, which have the code that makes their messages.

    The client is the one given, else one that `connect` makes when it is first needed.
    """

    def __init__(self, sagas: Hosted, client: Client | None = None) -> None:
        self._sagas = sagas
        self._client = client

    def subscriptions(self) -> tuple[AnySubscription, ...]:
        """What the sagas listen to."""
        return tuple(
            BatchSubscription[Any, Any](
                policy=receive.policy, messages=receive.messages, handle=partial(self._signal_all, workflow)
            )
            for workflow, saga in self._sagas.items()
            for receive in saga.receives
        )

    def worker(self, client: Client, service: Service[Any]) -> Worker:
        """Runs the workflows, and the activities that send their messages through the outbox of `service`."""
        (queue,) = {workflow.task_queue for workflow in self._sagas}
        return Worker(
            client,
            task_queue=queue,
            workflows=list(self._sagas),
            activities=[each for saga in self._sagas.values() for each in activities(saga, service)],
            graceful_shutdown_timeout=service.settings.grace,
        )

    async def work(self, service: Service[Any]) -> None:
        """Be a worker until the service is to stop."""
        async with self.worker(await self._connected(), service):
            await service.stopping.wait()

    async def _connected(self) -> Client:
        if self._client is None:
            self._client = await connect()
        return self._client

    async def _signal_all(
        self, workflow: type[SagaWorkflow[Any]], payloads: Sequence[BaseModel], ctx: Context[object]
    ) -> None:
        """A crash before the commit signals again; the workflow knows what it has taken by its id."""
        client = await self._connected()
        for payload, envelope in zip(payloads, ctx.envelopes, strict=True):
            await self._signal(client, workflow, payload, envelope)

    async def _signal(
        self, client: Client, workflow: type[SagaWorkflow[Any]], payload: BaseModel, envelope: Envelope
    ) -> None:
        saga = workflow.definition
        contracts = (each for receive in saga.receives for each in receive.messages)
        contract = next(each for each in contracts if each.model is type(payload))
        instance, said = _instance(saga, payload, envelope), Said(id=envelope.id, causationid=envelope.causationid)
        if contract in saga.starts:
            thread = envelope.correlationid or envelope.id
            return await begin(client, workflow, contract, payload, instance, said, thread)
        handle = client.get_workflow_handle(workflow_id(saga, instance))
        try:
            await handle.signal(contract.type, args=[payload, said])
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            log.warning("%s %s: %s is for an instance that is not there", saga.name, instance, contract.type)
        return None


def _instance(saga: AnySaga, payload: BaseModel, envelope: Envelope) -> str:
    """The instance that a message is for: by the saga's correlation, else by its cause, else by its correlation id."""
    stated = evaluate(saga.correlation, payload, {}) if saga.correlation else None
    if stated is not None:
        return stated
    steps = "|".join(re.escape(step.name) for step in saga.steps)
    caused = re.fullmatch(
        f"{re.escape(saga.name)}/(.+)/({steps})/(command|compensation)/[0-9]+", envelope.causationid or ""
    )
    return caused[1] if caused else envelope.correlationid or envelope.id
