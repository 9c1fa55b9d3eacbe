"""Every state that `eda-gen verify` explores, reached by the generated saga on the same way: model and code agree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.integration.saga.travel import PACKAGE, bookings, contract, generate, trip
from tests.unit.verify.travel import DOCUMENTS, Change, answered, catalog, documents_of

from eda_gen.model import Catalog
from eda_gen.passes.flow_graph import flow_graph
from eda_gen.verify import Bounds, orchestrated_sagas
from eda_gen.verify.explore import Exploration, explore
from eda_gen.verify.plan import Plan, plan_saga
from eda_gen.verify.world import Action, World
from eda_runtime.saga import rows
from eda_runtime.saga.progress import Progress
from eda_runtime.testing import Harness

SAGA = "BookTrip"
A_LITTLE = timedelta(seconds=1.5)
"""Long enough for another round after a refusal, too short for any time-out."""
TAKEN = ("reply", "reply-again", "crash")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A way through the model: for each action the state after it. `trip` is whose instance goes that way."""

    trip: UUID
    start: World
    steps: Sequence[tuple[Action, World]]


@dataclass(frozen=True, slots=True)
class Variant:
    """A form of the saga: its specs as a catalog, and the package generated from them."""

    catalog: Catalog
    package: str


@pytest.fixture(params=[None, answered], ids=["as it stands", "answered"])
def variant(request: pytest.FixtureRequest, tmp_path: Path) -> Variant:
    change: Change | None = request.param
    if change is None:
        return Variant(catalog(), PACKAGE)
    package = "travel_answered"
    for name, document in documents_of(change).items():
        (tmp_path / f"{name}.yaml").write_text(json.dumps(document))
    generate(package, [str(tmp_path / f"{name}.yaml") for name in DOCUMENTS if name != "common"])
    return Variant(catalog(change), package)


async def test_the_generated_saga_is_in_the_model_s_state_after_every_action(variant: Variant) -> None:
    ((_, saga),) = orchestrated_sagas(variant.catalog)
    plan = plan_saga(variant.catalog, flow_graph(variant.catalog), saga)
    explored = explore(plan, Bounds(), 10_000)
    schedules = [Schedule(uuid4(), explored.start, explored.run(world)) for world in leaves(explored)]
    assert explored.complete

    async with Harness(bookings(package=variant.package)) as harness:
        for schedule in schedules:
            await tell(harness, variant, "TripRequested", schedule.trip)
        await harness.settle()
        for number in range(max(len(schedule.steps) for schedule in schedules)):
            now = [(each.trip, each.steps[number]) for each in schedules if number < len(each.steps)]
            for trip_id, (action, _) in now:
                await act(harness, plan, variant, trip_id, action)
            await harness.settle()
            await harness.advance(A_LITTLE)
            await compare(harness, plan, now)
        letters = letters_by_trip(harness)
        for schedule in schedules:
            assert letters[str(schedule.trip)] == expected_letters(plan, schedule)


async def tell(harness: Harness[Any], variant: Variant, name: str, trip_id: UUID) -> None:
    await harness.publish(contract(name, variant.package), trip(name, trip_id, variant.package))


def leaves(explored: Exploration) -> Iterator[World]:
    """Worlds that no shortest run passes through: their runs pass through all others."""
    passed = {step[0] for step in explored.came_from.values() if step is not None}
    return (world for world in explored.came_from if world not in passed)


async def act(harness: Harness[Any], plan: Plan, variant: Variant, trip_id: UUID, action: Action) -> None:
    """What the coordinator sees of an action; what happens at the handlers, it does not."""
    if action.kind in TAKEN and action.message is not None:
        await tell(harness, variant, variant.catalog.messages[action.message].name, trip_id)
    elif action.kind in ("time-out", "saga-time-out"):
        step = plan.steps[action.step].name if action.step is not None else None
        await expire(harness, str(trip_id), step)


async def expire(harness: Harness[Any], id_: str, step: str | None) -> None:
    """Let a time-out be over, of one step or of the saga, without the clock of any other moving."""
    async with harness.app.opened.store.transaction() as transaction:
        now, known = await rows.load(transaction, SAGA, [id_])
        progress = known[id_].progress
        if step is None:
            progress.deadline_at = now
        else:
            progress.steps[step].deadline_at = now
        await rows.save(transaction, SAGA, [known[id_]], now)


async def compare(harness: Harness[Any], plan: Plan, now: Sequence[tuple[UUID, tuple[Action, World]]]) -> None:
    found = await harness.app.opened.store.fetch("SELECT id, progress FROM eda_saga")
    progress = {row[0]: Progress.model_validate_json(row[1]) for row in found}
    for trip_id, (action, world) in now:
        code, model = progress[str(trip_id)], world.coordinator
        steps = tuple(code.steps[step.name].status for step in plan.steps)
        assert (code.status, steps, code.announced) == (model.status, model.steps, model.announced), action


def letters_by_trip(harness: Harness[Any]) -> dict[str, set[str]]:
    """What was sent for each trip. Rounds of a command beyond the first are one: replies that come twice make several."""
    letters: dict[str, set[str]] = {}
    for each in harness.published:
        _, id_, letter = each.envelope.id.split("/", 2)
        what, _, number = letter.rpartition("/")
        letters.setdefault(id_, set()).add(f"{what}/{min(int(number), 2)}")
    return letters


def expected_letters(plan: Plan, schedule: Schedule) -> set[str]:
    final = schedule.steps[-1][1].coordinator
    expected = {f"{name}/command/2" for name in refused_behind_the_pivot(plan, schedule)}
    for step, status in zip(plan.steps, final.steps, strict=True):
        if status != "waiting":
            expected.add(f"{step.name}/command/1")
        if status in ("compensating", "compensated"):
            expected.add(f"{step.name}/compensation/1")
    if final.announced:
        expected.add("completion/1" if final.status == "completed" else "failure/1")
    return expected


def refused_behind_the_pivot(plan: Plan, schedule: Schedule) -> Iterator[str]:
    """Steps behind the pivot that were told no while they waited, which starts another round."""
    before = schedule.start
    for action, after in schedule.steps:
        if action.kind in TAKEN and action.step is not None and plan.behind_pivot(action.step):
            waited = before.coordinator.steps[action.step] == "running"
            if waited and action.message in plan.steps[action.step].failure:
                yield plan.steps[action.step].name
        before = after
