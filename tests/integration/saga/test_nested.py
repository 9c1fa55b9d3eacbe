"""A saga whose step starts another saga, generated and run; and a reply that only the correlation id can place."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from eda_gen.cli import cli
from eda_runtime import Settings
from eda_runtime.saga.control import find
from eda_runtime.testing import Harness

NAMES = ("OrderPlaced", "OrderPaid", "OrderUnpaid", "Settle", "Settled", "Unsettled", "Charge", "Charged", "Declined")
MESSAGES = "\n".join(
    f"    {name}.v1: {{name: {name}, payload: {{$ref: '#/components/schemas/{'Bare' if name == 'Charged' else 'Order'}'}},"
    f" x-eda: {{version: 1{', key: $message.payload#/orderId' if name != 'Charged' else ''}}}}}"
    for name in NAMES
)
ON_CHANNEL = "\n".join(f"      {name}.v1: {{$ref: '#/components/messages/{name}.v1'}}" for name in NAMES)
SPEC = f"""
asyncapi: 3.1.0
info: {{title: Shop, version: 1.0.0, x-eda: {{service: nested_shop}}}}
channels:
  all:
    address: shop.all
    messages:
{ON_CHANNEL}
operations:
  place: {{action: send, channel: {{$ref: '#/channels/all'}}, messages: [{{$ref: '#/channels/all/messages/OrderPlaced.v1'}}]}}
components:
  messages:
{MESSAGES}
  schemas:
    Order: {{type: object, required: [orderId], properties: {{orderId: {{type: string}}}}}}
    Bare: {{type: object, properties: {{receipt: {{type: string}}}}}}
x-eda:
  sagas:
    PayOrder:
      starts: {{$ref: '#/components/messages/OrderPlaced.v1'}}
      correlation: $message.payload#/orderId
      timeout: P1D
      steps:
        - name: settle
          send: {{$ref: '#/components/messages/Settle.v1'}}
          success: {{$ref: '#/components/messages/Settled.v1'}}
          failure: {{$ref: '#/components/messages/Unsettled.v1'}}
          pivot: true
      completes: {{$ref: '#/components/messages/OrderPaid.v1'}}
      fails: {{$ref: '#/components/messages/OrderUnpaid.v1'}}
    SettleOrder:
      starts: {{$ref: '#/components/messages/Settle.v1'}}
      correlation: $message.payload#/orderId
      timeout: PT1H
      steps:
        - name: charge
          send: {{$ref: '#/components/messages/Charge.v1'}}
          success: {{$ref: '#/components/messages/Charged.v1'}}
          failure: {{$ref: '#/components/messages/Declined.v1'}}
          pivot: true
      completes: {{$ref: '#/components/messages/Settled.v1'}}
      fails: {{$ref: '#/components/messages/Unsettled.v1'}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("nested")
    (folder / "shop.yaml").write_text(SPEC)
    outcome = CliRunner().invoke(cli, ["generate", str(folder / "shop.yaml"), "--out", str(folder)])
    assert (folder / "nested_shop" / "sagas" / "pay_order.py").exists(), outcome.output
    sys.path.insert(0, str(folder))
    return "nested_shop"


def event(package: str, name: str, **fields: object) -> tuple[Any, Any]:
    module = import_module(
        f"{package}.events.{''.join(f'_{c.lower()}' if c.isupper() else c for c in name).strip('_')}"
    )
    contract = next(value for key, value in vars(module).items() if key.endswith("_V1"))
    return contract, contract.model.model_validate(fields)


async def statuses(harness: Harness[Any]) -> dict[str, str]:
    return {line.saga: line.status for line in await find(harness.app.opened.store, harness.app.sagas)}


@pytest.fixture
async def shop(package: str) -> AsyncIterator[Harness[Any]]:
    """An order is placed, the inner saga has asked for the money, and nobody has answered yet."""
    app: Any = import_module(f"{package}.app").create_app(object(), Settings())
    async with Harness[Any](app) as harness:
        async with harness.app.unit_of_work() as work:
            work.publish.order_placed(event(package, "OrderPlaced", orderId="o1")[1])
        await harness.settle()
        assert await statuses(harness) == {"PayOrder": "running", "SettleOrder": "running"}
        yield harness


async def answer(harness: Harness[Any], package: str, name: str, **fields: object) -> None:
    """Answer as a handler does, which passes the correlation id on."""
    charge = next(each for each in harness.published if each.envelope.type.startswith("Charge."))
    contract, payload = event(package, name, **fields)
    data = payload.model_dump_json(by_alias=True).encode()
    envelope = replace(charge.envelope, id=str(uuid4()), source="/cards", type=contract.type, data=data)
    await harness.send(replace(charge, envelope=envelope))
    await harness.settle()


@pytest.mark.parametrize(
    ("reply", "fields", "status", "ending"),
    [("Charged", {}, "completed", "OrderPaid"), ("Declined", {"orderId": "o1"}, "failed", "OrderUnpaid")],
)
async def test_how_the_inner_saga_ends_is_the_reply_to_the_outer_one(
    shop: Harness[Any], package: str, reply: str, fields: dict[str, object], status: str, ending: str
) -> None:
    await answer(shop, package, reply, **fields)

    assert await statuses(shop) == {"PayOrder": status, "SettleOrder": status}
    assert len(shop.published_as(event(package, ending, orderId="o1")[0])) == 1


async def test_a_reply_that_names_no_order_and_belongs_to_no_thread_changes_nothing(
    shop: Harness[Any], package: str
) -> None:
    await shop.publish(*event(package, "Charged"))
    await shop.settle()

    assert await statuses(shop) == {"PayOrder": "running", "SettleOrder": "running"}
