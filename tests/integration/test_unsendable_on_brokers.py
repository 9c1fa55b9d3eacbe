"""A message that a broker cannot take stays in the outbox, and holds up nothing but its own key, on every broker."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.runtime.support import Placed, count, create_app, eventually, noted, place, prepared

BROKERS = ("kafka", "ministack", "nats", "pubsub", "rabbitmq", "redis")


@pytest.fixture(params=[pytest.param(each, marks=pytest.mark.xdist_group(each)) for each in BROKERS])
def broker_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


async def test_a_message_to_nowhere_holds_up_its_own_key_alone(broker_url: str, tmp_path: Path) -> None:
    app = create_app(f"sqlite:///{tmp_path / 'eda.db'}")
    app.settings = replace(app.settings, broker_url=broker_url)
    async with prepared(app):
        async with app.unit_of_work() as uow:
            uow.publish.to("no.such.address", Placed(key="nowhere", number=1))
        facts = [(f"k{number % 4}", number) for number in range(40)]
        await place(app, *facts)
        running = asyncio.create_task(app.run())

        await eventually(lambda: count(app, "eda_outbox"), 1, seconds=60)
        await eventually(lambda: count(app, "notes"), len(facts), seconds=60)
        await place(app, ("late", 1))
        await eventually(lambda: count(app, "notes"), len(facts) + 1, seconds=60)

        assert [await noted(app, f"k{key}") for key in range(4)] == [facts[key::4] for key in range(4)]
        assert await count(app, "eda_outbox", "address = 'no.such.address'") == 1
        app.stop()
        await running
