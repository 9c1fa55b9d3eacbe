"""Breadth first through all worlds, so that the first one found to be wrong has a shortest run."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from eda_gen.verify.plan import Plan
from eda_gen.verify.verdict import Property
from eda_gen.verify.world import Action, Bounds, World, actions, initial

__all__ = ["Exploration", "Finding", "explore", "schedules"]

BROKEN = {
    "unhandled": Property.HANDLED,
    "un-run": Property.UNDONE,
    "behind-pivot": Property.PIVOT,
}
ENDED = ("completed", "failed")


@dataclass(frozen=True, slots=True)
class Finding:
    """A world in which a property is broken, and the step that it is about."""

    broken: Property
    world: World
    step: int | None = None


@dataclass(slots=True)
class Exploration:
    """`came_from` is a tree of shortest runs; `leads_to` has all edges."""

    plan: Plan
    start: World
    came_from: dict[World, tuple[World, Action] | None] = field(default_factory=dict)
    leads_to: dict[World, list[World]] = field(default_factory=dict)
    complete: bool = True

    def run(self, world: World) -> list[tuple[Action, World]]:
        """The shortest way to `world`: each action, and the world after it."""
        path: list[tuple[Action, World]] = []
        step = self.came_from[world]
        while step is not None:
            path.append((step[1], world))
            world = step[0]
            step = self.came_from[world]
        return path[::-1]

    def findings(self) -> Iterator[Finding]:
        """What is broken, nearest first within each property."""
        for world in self.came_from:
            if world.wrong:
                yield Finding(BROKEN[world.wrong], world)
            elif not self.leads_to.get(world) and self.complete:
                yield from _at_the_end(self.plan, world)
        if self.complete:
            yield from self._without_end()
            if not any(world.coordinator.status == "completed" for world in self.came_from):
                last = next((world for world in self.came_from if not self.leads_to[world]), self.start)
                yield Finding(Property.COMPLETES, last)

    def _without_end(self) -> Iterator[Finding]:
        """Worlds from which no end can be reached, though something may still happen."""
        backwards: dict[World, list[World]] = {}
        for world, following in self.leads_to.items():
            for each in following:
                backwards.setdefault(each, []).append(world)
        waiting = deque(world for world in self.came_from if world.coordinator.status in ENDED or world.wrong)
        ending = set(waiting)
        while waiting:
            for each in backwards.get(waiting.popleft(), ()):
                if each not in ending:
                    ending.add(each)
                    waiting.append(each)
        yield from (
            Finding(Property.ENDS, world) for world in self.came_from if world not in ending and self.leads_to[world]
        )


def explore(plan: Plan, bounds: Bounds, most_states: int) -> Exploration:
    start = initial(plan, bounds)
    found = Exploration(plan, start, {start: None})
    waiting = deque([start])
    while waiting:
        world = waiting.popleft()
        following = found.leads_to.setdefault(world, [])
        for action, after in actions(plan, world) if not world.wrong else ():
            following.append(after)
            if after not in found.came_from:
                if len(found.came_from) >= most_states:
                    found.complete = False
                    return found
                found.came_from[after] = (world, action)
                waiting.append(after)
    return found


def schedules(found: Exploration) -> Iterator[list[tuple[Action, World]]]:
    """A shortest run to every world in which nothing can happen any more."""
    return (found.run(world) for world in found.came_from if not found.leads_to.get(world))


def _at_the_end(plan: Plan, world: World) -> Iterator[Finding]:
    status = world.coordinator.status
    if status not in ENDED:
        yield Finding(Property.ENDS, world)
        return
    for number, step in enumerate(plan.steps):
        if step.effect and status == "failed" and world.effects[number] == "done":
            yield Finding(Property.UNDONE, world, number)
        if status == "completed" and world.effects[number] != "done":
            yield Finding(Property.DONE, world, number)
