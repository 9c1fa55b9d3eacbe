"""`eda saga`, as a person calls it on the generated travel service."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.integration.saga.travel import PACKAGE, TRIP, bookings, contract, generated, trip

from eda_runtime import Settings
from eda_runtime.cli import cli
from eda_runtime.consumer.poller import Poller
from eda_runtime.outbox import Outbox, Producer
from eda_runtime.saga import control
from eda_runtime.saga.progress import Progress
from eda_runtime.stores import open_store
from eda_runtime.testing.clock import Clock
from eda_runtime.transports.memory import MemoryBroker, MemoryTransport

APP = f"{PACKAGE}.bookings.handlers:service"
SAGA = """
INSERT INTO eda_saga (saga, id, version, status, state, progress, correlationid, started_at, updated_at)
VALUES ($1, $2, 1, 'running', '{}', $3, $2, 0, 0) RETURNING id
"""


@pytest.fixture
async def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with one instance that waits for a hotel."""
    url = f"sqlite:///{tmp_path / 'eda.db'}"
    await take(Settings(database_url=url), "TripRequested", "FlightReserved")
    monkeypatch.setenv("EDA_DATABASE_URL", url)
    monkeypatch.delitem(sys.modules, APP.partition(":")[0], raising=False)  # it has read its settings already
    generated()
    return url


async def take(settings: Settings, *names: str) -> None:
    """Let the service take messages, without anyone to answer what it sends."""
    broker = MemoryBroker(Clock().time)
    app: Any = bookings(settings)
    app = app.bound_to(store=open_store(settings.database_url), transport=MemoryTransport(broker))
    async with app:
        await app.opened.transport.provision(app.topology)
        for name in names:
            for subscription in app.subscriptions:
                if contract(name).type in {each.type for each in subscription.messages}:
                    queued: list[Any] = []
                    producer = Producer("/outside", app.opened.telemetry, app.opened.transport.publish)
                    Outbox(producer, queued).add(contract(name), trip(name), subscription.policy.channel)
                    await app.opened.transport.publish(queued)
                    receiver = await app.opened.transport.receiver(subscription.policy)
                    await Poller(app.opened, subscription).handle(receiver, await receiver.poll(10, 0))
                    await receiver.close()
        await app.opened.store.close()


def eda(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["saga", *arguments])


def test_list_shows_what_an_instance_waits_for(database: str) -> None:
    result = eda("list", APP)

    assert result.exit_code == 0
    assert f"BookTrip  {TRIP}  running" in result.output
    assert "waits for reserveHotel" in result.output


def test_list_has_a_form_for_programs(database: str) -> None:
    (line,) = json.loads(eda("list", APP, "--format", "json").output)

    assert (line["status"], line["waiting"], line["problem"]) == ("running", ["reserveHotel"], None)


def test_show_tells_the_history_as_a_table(database: str) -> None:
    result = eda("show", APP, str(TRIP))

    kinds = [line.split()[2] for line in result.output.splitlines()[1:]]
    assert kinds == ["started", "sent", "sent", "succeeded"]


def test_show_tells_the_history_as_a_mermaid_diagram(database: str) -> None:
    result = eda("show", APP, str(TRIP), "--format", "mermaid")

    assert result.output.startswith("sequenceDiagram\n")
    assert "saga->>p1: airline.ReserveFlight.v1" in result.output
    assert "p1-->>saga: airline.FlightReserved.v1" in result.output


def test_retry_sends_at_once_what_waits(database: str) -> None:
    result = eda("retry", APP, str(TRIP))

    assert result.exit_code == 0
    assert "resumed" in eda("show", APP, str(TRIP)).output


def test_abandon_ends_an_instance_and_says_why(database: str) -> None:
    result = eda("abandon", APP, str(TRIP), "--yes", "--why", "the hotel burnt down")

    assert result.exit_code == 0
    assert "the hotel burnt down" in eda("show", APP, str(TRIP)).output
    assert f"{TRIP}  abandoned" in eda("list", APP).output


def test_what_has_ended_cannot_be_retried(database: str) -> None:
    eda("abandon", APP, str(TRIP), "--yes")

    result = eda("retry", APP, str(TRIP))

    assert result.exit_code != 0
    assert "has ended: it is abandoned" in str(result.exception)


async def test_those_with_a_problem_are_found_among_many_and_counted(postgresql_url: str) -> None:
    store = open_store(postgresql_url)
    (saga,) = bookings(Settings(postgresql_url)).sagas
    well, ill = Progress(), Progress(problem="no words for it")
    rows = [(f"trip-{number}", ill if number == 7 else well) for number in range(9)]
    await store.migrate()
    for id_, progress in rows:
        await store.fetch(SAGA, saga.name, id_, progress.model_dump_json())

    found = await control.find(store, [saga], stuck=True, limit=1)
    counted = await control.count(store, saga)
    await store.close()

    assert [(line.id, line.problem) for line in found] == [("trip-7", "no words for it")]
    assert counted == (9, 1)


def test_status_counts_instances(database: str) -> None:
    result = CliRunner().invoke(cli, ["status", APP])

    assert "BookTrip: 1 under way" in result.output


def test_a_service_without_sagas_says_so(database: str) -> None:
    result = eda("list", f"{PACKAGE}.flights.handlers:service")

    assert result.exit_code == 2
    assert "keeps no sagas in its database" in result.output


def test_an_instance_that_is_not_there_is_an_error_of_the_call(database: str) -> None:
    result = eda("show", APP, "nobody")

    assert result.exit_code == 2
    assert "BookTrip has no instance nobody" in result.output
