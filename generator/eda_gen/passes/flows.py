"""Flows through a workspace: what a message sets off, whether an end is reached, and where it goes round in circles."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from eda_gen.model import MessageId
from eda_gen.model.flow import Flow, FlowGraph, Hop, Taker
from eda_gen.passes.flow_graph import receivers

__all__ = ["cycles", "dead_ends", "derive_flows", "followers", "reachable", "shortest_path"]

DEEPEST = 60
"""Hops in a row that a flow tells; a chain that is longer is cut there."""


def followers(graph: FlowGraph, message: MessageId) -> tuple[MessageId, ...]:
    """The messages that may directly follow from one."""
    return tuple(dict.fromkeys(cause for taker in graph.takers.get(message, ()) for cause in taker.causes))


def reachable(graph: FlowGraph, starts: Iterable[MessageId]) -> tuple[MessageId, ...]:
    """The messages that may follow from some, with these, nearest first."""
    found = dict.fromkeys(starts)
    waiting = deque(found)
    while waiting:
        for each in followers(graph, waiting.popleft()):
            if each not in found:
                found[each] = None
                waiting.append(each)
    return tuple(found)


def dead_ends(graph: FlowGraph, starts: Iterable[MessageId], ends: Iterable[MessageId]) -> tuple[MessageId, ...]:
    """The last messages of those ways from `starts` that come to none of `ends`."""
    known = frozenset(ends)
    return tuple(each for each in reachable(graph, starts) if each not in known and not followers(graph, each))


def shortest_path(
    graph: FlowGraph, starts: Iterable[MessageId], end: MessageId, last: Taker | None = None
) -> tuple[Hop, ...]:
    """The hops of a shortest way to `end`, the last of which `last` causes; none where there is no way."""
    came_from: dict[MessageId, tuple[MessageId, Taker] | None] = dict.fromkeys(starts)
    waiting = deque(came_from)
    while waiting:
        message = waiting.popleft()
        for taker in graph.takers.get(message, ()):
            if end in taker.causes and last in (None, taker):
                return _told(graph, came_from, (message, taker), end)
            for cause in taker.causes:
                if cause not in came_from:
                    came_from[cause] = (message, taker)
                    waiting.append(cause)
    return ()


def _told(
    graph: FlowGraph,
    came_from: Mapping[MessageId, tuple[MessageId, Taker] | None],
    final: tuple[MessageId, Taker],
    end: MessageId,
) -> tuple[Hop, ...]:
    """Walks back from the final taker to the start, and adds the end's own hop."""
    links: list[tuple[MessageId, Taker]] = []
    link: tuple[MessageId, Taker] | None = final
    while link is not None:
        links.append(link)
        link = came_from[link[0]]
    links.reverse()
    hops = []
    sender = _first_sender(graph, links[0][0])
    for message, taker in links:
        hops.append(Hop(message, _channel(graph, message, sender, taker), sender, taker.service, taker.name))
        sender = taker.service
    following = receivers(graph, end, sender)
    taken = following[0] if following else None
    receiver = taken.service if taken is not None else None
    name = taken.name if taken is not None else None
    return (*hops, Hop(end, _channel(graph, end, sender, taken), sender, receiver, name))


def cycles(graph: FlowGraph) -> tuple[tuple[MessageId, ...], ...]:
    """One shortest circle through each knot of messages that cause one another."""
    knots = _knots(graph)
    found: list[tuple[MessageId, ...]] = []
    done: set[MessageId] = set()
    for message in knots:
        circle = _circle(knots, message) if message not in done else ()
        if done.isdisjoint(circle):
            found += [circle] if circle else []
        done.update(circle)
    return tuple(found)


def _knots(graph: FlowGraph) -> dict[MessageId, tuple[MessageId, ...]]:
    """What follows each message, without those that end somewhere: what is left runs into circles."""
    knots = {message: followers(graph, message) for message in graph.takers}
    causes: dict[MessageId, list[MessageId]] = {}
    for message, following in knots.items():
        for each in following:
            causes.setdefault(each, []).append(message)
    open_ends = {message: len(following) for message, following in knots.items()}
    ended = [each for each in (*knots, *causes) if not open_ends.get(each)]
    while ended:
        message = ended.pop()
        knots.pop(message, None)
        for cause in causes.pop(message, ()):
            open_ends[cause] -= 1
            if not open_ends[cause]:
                ended.append(cause)
    return knots


def _circle(following: Mapping[MessageId, tuple[MessageId, ...]], start: MessageId) -> tuple[MessageId, ...]:
    came_from: dict[MessageId, MessageId] = {}
    waiting = deque((start,))
    while waiting:
        message = waiting.popleft()
        for each in following.get(message, ()):
            if each == start:
                return tuple(reversed([message, *_back(came_from, message)]))
            if each not in came_from:
                came_from[each] = message
                waiting.append(each)
    return ()


def _back(came_from: Mapping[MessageId, MessageId], message: MessageId) -> Iterator[MessageId]:
    while message in came_from:
        message = came_from[message]
        yield message


def derive_flows(graph: FlowGraph) -> tuple[Flow, ...]:
    """The flow of each message that nothing causes and that a service reacts to by another, in the documents' order.

    What only starts a saga is told by the saga.
    """
    caused = {each for takers in graph.takers.values() for taker in takers for each in taker.causes}
    messages = dict.fromkeys((*graph.senders, *graph.takers))
    starts = (each for each in messages if each not in caused and _is_chained(graph, each))
    return tuple(Flow(start, _Teller(graph).tell(start)) for start in starts)


def _is_chained(graph: FlowGraph, message: MessageId) -> bool:
    return any(taker.causes and taker.group is not None for taker in graph.takers.get(message, ()))


class _Teller:
    """Tells a flow as a tree, each message's consequences once."""

    def __init__(self, graph: FlowGraph) -> None:
        self._graph = graph
        self._told: set[tuple[MessageId, str | None]] = set()

    def tell(self, start: MessageId) -> tuple[Hop, ...]:
        return self._hops(start, _first_sender(self._graph, start), 0)

    def _hops(self, message: MessageId, sender: str | None, depth: int) -> tuple[Hop, ...]:
        takers = receivers(self._graph, message, sender)
        if not takers:
            return (Hop(message, _channel(self._graph, message, sender, None), sender, None, None),)
        repeats = (message, sender) in self._told or depth == DEEPEST
        self._told.add((message, sender))
        return tuple(self._hop(message, sender, taker, depth, repeats) for taker in takers)

    def _hop(self, message: MessageId, sender: str | None, taker: Taker, depth: int, repeats: bool) -> Hop:
        following = (
            ()
            if repeats
            else tuple(hop for cause in taker.causes for hop in self._hops(cause, taker.service, depth + 1))
        )
        channel = _channel(self._graph, message, sender, taker)
        return Hop(message, channel, sender, taker.service, taker.name, following, repeats and bool(taker.causes))


def _first_sender(graph: FlowGraph, message: MessageId) -> str | None:
    senders = graph.senders.get(message, ())
    return senders[0].service if senders else None


def _channel(graph: FlowGraph, message: MessageId, sender: str | None, taker: Taker | None) -> str | None:
    if taker is not None and taker.channel is not None:
        return taker.channel
    senders, takers = graph.senders.get(message, ()), graph.takers.get(message, ())
    own = (each.channel for each in senders if each.service == sender)
    elsewhere = (*(each.channel for each in senders), *(each.channel for each in takers))
    return next((channel for channel in (*own, *elsewhere) if channel is not None), None)
