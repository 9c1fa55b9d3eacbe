"""Clients of a saga's workflows: connect, start an instance, find one."""

from __future__ import annotations

import logging
from typing import Any
from uuid import uuid4

from pydantic import BaseModel
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDReusePolicy
from temporalio.envconfig import ClientConfig
from temporalio.exceptions import WorkflowAlreadyStartedError

from eda_runtime.contracts import MessageContract
from eda_runtime.errors import TransportError
from eda_runtime.expressions import evaluate
from eda_runtime.saga.definition import AnySaga
from eda_runtime.saga.progress import Progress
from eda_runtime.temporal.converter import DATA_CONVERTER
from eda_runtime.temporal.instance import Instance, Outcome, Said
from eda_runtime.temporal.workflow import SagaWorkflow

__all__ = ["begin", "connect", "start", "workflow_id"]

ADDRESS = "127.0.0.1:7233"
log = logging.getLogger(__name__)


async def connect() -> Client:
    """A client as Temporal's own environment variables (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, …) say.

    It reads and writes events as their messages do, so use it, or its data converter, for whatever asks a saga.
    """
    settings = ClientConfig.load_client_connect_config()
    address = settings.setdefault("target_host", ADDRESS)
    try:
        return await Client.connect(**settings, data_converter=DATA_CONVERTER)
    except RuntimeError as error:
        raise TransportError(f"Temporal at {address} cannot be reached, see TEMPORAL_ADDRESS: {error}") from None


def workflow_id(saga: AnySaga, instance: str) -> str:
    """Such as `BookTrip/4711`: an instance has one workflow."""
    return f"{saga.name}/{instance}"


async def start(client: Client, workflow: type[SagaWorkflow[Any]], event: BaseModel) -> WorkflowHandle[Any, Any]:
    """Start an instance without a message, or find the one that has started: its id is what the correlation points at."""
    saga = workflow.definition
    contract = next(each for each in saga.starts if isinstance(event, each.model))
    instance = (evaluate(saga.correlation, event, {}) if saga.correlation else None) or str(uuid4())
    await begin(client, workflow, contract, event, instance, Said(id=str(uuid4())), instance)
    outcome: Any = Outcome
    return client.get_workflow_handle(workflow_id(saga, instance), result_type=outcome[saga.state])


async def begin(
    client: Client,
    workflow: type[SagaWorkflow[Any]],
    contract: MessageContract[Any],
    event: BaseModel,
    instance: str,
    said: Said,
    correlationid: str,
) -> None:
    """Give an instance the message that starts it: a new one starts, one that runs takes it for what it is to it."""
    saga = workflow.definition
    known = {name: event for name, kept in saga.keeps.items() if kept.type == contract.type}
    state = saga.state.model_construct(set(known), **known)
    try:
        await client.start_workflow(
            saga.name,
            Instance(id=instance, correlationid=correlationid, state=state, progress=Progress(), history=[], said=[]),
            id=workflow_id(saga, instance),
            task_queue=workflow.task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            start_signal=contract.type,
            start_signal_args=[event, said],
        )
    except WorkflowAlreadyStartedError:
        log.info("%s %s has ended already: %s changes nothing", saga.name, instance, contract.type)
