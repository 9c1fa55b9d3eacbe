"""Sequence diagrams of choreographies: a declared saga's ways to its ends, and all that a message sets off."""

from __future__ import annotations

from collections.abc import Iterator

from eda_gen.emit.diagrams.diagram import Diagram
from eda_gen.emit.diagrams.post import Post
from eda_gen.emit.diagrams.sequence import Sequence
from eda_gen.model import MessageId, Saga
from eda_gen.model.flow import Flow, Hop
from eda_gen.passes.flows import reachable, shortest_path

__all__ = ["choreography_sequences", "flow_sequence"]


def choreography_sequences(post: Post, saga: Saga) -> Iterator[Diagram]:
    """The shortest way to each completion, and one to each failure from each operation that declares it."""
    starts = tuple(post.graph.same[each] for each in saga.starts)
    for end in saga.completes:
        path = shortest_path(post.graph, starts, post.graph.same[end])
        if path:
            suffix = "completes" if end == saga.completes[0] else f"completes-with-{post.catalog.messages[end].name}"
            yield _path(post, f"{saga.name}.{suffix}", f"{saga.name}: all goes well", path)
    for end in saga.fails:
        for cause, path in _failures(post, starts, post.graph.same[end]):
            name = post.catalog.messages[cause].name
            yield _path(post, f"{saga.name}.fails-after-{name}", f"{saga.name}: fails after {name}", path)


def flow_sequence(post: Post, flow: Flow) -> Diagram:
    """All of a flow in one diagram: what several services do beside one another, and what may follow."""
    message = post.catalog.messages[flow.start]
    title = f"What {message.name} v{message.version} sets off"
    telling = _Telling(post, title)
    telling.tell(flow.hops)
    return telling.diagram(f"{message.name}-v{message.version}.flow")


def _failures(post: Post, starts: tuple[MessageId, ...], end: MessageId) -> Iterator[tuple[MessageId, tuple[Hop, ...]]]:
    for message in reachable(post.graph, starts):
        for taker in post.graph.takers.get(message, ()):
            path = shortest_path(post.graph, starts, end, taker) if end in taker.causes else ()
            if path:
                yield message, path


def _path(post: Post, name: str, title: str, path: tuple[Hop, ...]) -> Diagram:
    telling = _Telling(post, title)
    for hop in path:
        telling.deliver(hop)
    return telling.diagram(name)


class _Telling:
    def __init__(self, post: Post, title: str) -> None:
        self._post = post
        self._title = title
        self._script = Sequence(title)
        self._services: dict[str, None] = {}

    def diagram(self, name: str) -> Diagram:
        return Diagram(name, self._title, self._script.text(), tuple(self._services))

    def deliver(self, hop: Hop) -> None:
        sender, receiver = self._at(hop.sender), self._at(hop.receiver)
        self._post.deliver(self._script, hop.message, sender, receiver, hop.channel)

    def tell(self, hops: tuple[Hop, ...]) -> None:
        """One message's hops: to one service, or to several beside one another."""
        if len(hops) == 1:
            self._tell_one(hops[0])
            return
        with self._script.block("par", _reaction(hops[0])):
            self._tell_one(hops[0])
            for hop in hops[1:]:
                self._script.branch("and", _reaction(hop))
                self._tell_one(hop)

    def _tell_one(self, hop: Hop) -> None:
        self.deliver(hop)
        if hop.repeats:
            self._script.note(self._at(hop.receiver), "what follows is shown above")
            return
        self._follow(_by_message(hop.following))

    def _follow(self, branches: tuple[tuple[Hop, ...], ...]) -> None:
        if len(branches) == 1:
            self.tell(branches[0])
        elif branches:
            with self._script.block("alt", self._post.named(branches[0][0].message)):
                self.tell(branches[0])
                for branch in branches[1:]:
                    self._script.branch("else", self._post.named(branch[0].message))
                    self.tell(branch)

    def _at(self, service: str | None) -> str:
        if service is not None:
            self._services[service] = None
        return self._post.service(self._script, service)


def _reaction(hop: Hop) -> str:
    return f"{hop.receiver}: {hop.taker}"


def _by_message(hops: tuple[Hop, ...]) -> tuple[tuple[Hop, ...], ...]:
    messages = dict.fromkeys(hop.message for hop in hops)
    return tuple(tuple(hop for hop in hops if hop.message == message) for message in messages)
