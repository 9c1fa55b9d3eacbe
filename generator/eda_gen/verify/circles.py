"""Commands that a saga sets off and that set it, or one another, off again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from eda_gen.model import Catalog, Kind, MessageId, Saga
from eda_gen.model.flow import FlowGraph
from eda_gen.passes.flows import followers, reachable
from eda_gen.verify.verdict import Fault, Moment, Property

__all__ = ["circle_of_commands"]


def circle_of_commands(catalog: Catalog, graph: FlowGraph, saga: Saga) -> Iterator[Fault]:
    """A shortest circle with a command in it that the saga's start leads into."""
    starts = [graph.same[each] for each in saga.starts]
    circles = (_circle(graph, each) for each in reachable(graph, starts))
    endless = [circle for circle in circles if any(_is_command(catalog, each) for each in circle)]
    if endless:
        circle = min(endless, key=len)
        told = f"{' → '.join(_named(catalog, each) for each in (*circle, circle[0]))} goes round without end"
        yield Fault(Property.CIRCLE, told, tuple(_told(catalog, graph, circle)))


def _circle(graph: FlowGraph, start: MessageId) -> tuple[MessageId, ...]:
    """A shortest way from a message to itself; empty where there is none."""
    came_from: dict[MessageId, MessageId] = {}
    waiting = deque([start])
    while waiting:
        message = waiting.popleft()
        for each in followers(graph, message):
            if each == start:
                way = [message]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return tuple(reversed(way))
            if each not in came_from:
                came_from[each] = message
                waiting.append(each)
    return ()


def _told(catalog: Catalog, graph: FlowGraph, circle: tuple[MessageId, ...]) -> Iterator[Moment]:
    sender = ""
    for number, message in enumerate((*circle, circle[0])):
        following = circle[(number + 1) % len(circle)]
        taker = next(each for each in graph.takers[message] if following in each.causes)
        yield Moment(sender, taker.name, _named(catalog, message))
        sender = taker.name


def _named(catalog: Catalog, message: MessageId) -> str:
    found = catalog.messages[message]
    return f"{found.name}.v{found.version}"


def _is_command(catalog: Catalog, message: MessageId) -> bool:
    return catalog.messages[message].kind in (Kind.COMMAND, Kind.QUERY)
