"""Flowcharts of who sends and receives over which channel: of a service with its neighbours, and of the whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from eda_gen.emit.diagrams.diagram import Diagram
from eda_gen.emit.diagrams.mermaid import MOST_EDGES, MOST_TEXT, label
from eda_gen.emit.diagrams.render import render
from eda_gen.model import Catalog, MessageId, Service
from eda_gen.model.flow import FlowGraph
from eda_gen.passes.flow_graph import meets
from eda_gen.rules.words import span_of_time

__all__ = ["Ways", "service_topology", "travels", "workspace_topology"]

_MOST_NAMES = 6


@dataclass(frozen=True, slots=True)
class _Edge:
    """What a service sends to a channel, or takes from it."""

    service: str
    channel: str
    sends: bool


Ways: TypeAlias = "Mapping[_Edge, tuple[MessageId, ...]]"
"""Which messages travel between each service and each channel."""


class _Chart:
    """Nodes in the order of their first appearance; an edge carries all that goes its way."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._nodes: dict[str, tuple[str, str]] = {}
        self._services: list[str] = []
        self._edges: list[tuple[str, str, str]] = []

    def service(self, name: str) -> str:
        if name not in self._nodes:
            self._nodes[name] = (node := f"n{len(self._nodes)}", f'{node}["{label(name)}"]')
            self._services.append(self._nodes[name][0])
        return self._nodes[name][0]

    def channel(self, channel_id: str) -> str:
        key = f"\0{channel_id}"
        if key not in self._nodes:
            channel = self._catalog.channels[channel_id]
            kept = f"{channel.partitions} partition{'s' if channel.partitions > 1 else ''} · {span_of_time(channel.retention)}"
            node = f"n{len(self._nodes)}"
            self._nodes[key] = (node, f'{node}[("{label(channel.address or channel.name, kept)}")]')
        return self._nodes[key][0]

    def dead_letters(self, address: str) -> str:
        key = f"\0\0{address}"
        if key not in self._nodes:
            node = f"n{len(self._nodes)}"
            self._nodes[key] = (node, f'{node}[("{label(address, "dead letters")}")]')
        return self._nodes[key][0]

    def edge(self, start: str, end: str, names: Iterable[str], arrow: str = "-->") -> None:
        shown = tuple(dict.fromkeys(names))
        more = f"and {len(shown) - _MOST_NAMES} more" if len(shown) > _MOST_NAMES else ""
        text = label(*shown[:_MOST_NAMES], more)
        self._edges.append((start, end, f'{start} {arrow}|"{text}"| {end}' if shown else f"{start} {arrow} {end}"))

    @property
    def fits(self) -> bool:
        return len(self._kept()) == len(self._edges)

    def text(self, title: str) -> str:
        """Mermaid draws only so much; what comes last is left out, and a note says so."""
        kept = self._kept()
        used = {node for start, end, _ in kept for node in (start, end)}
        nodes = [text for node, text in self._nodes.values() if node in used or self.fits]
        if not self.fits:
            nodes.append(f'left_out["{label(f"{len(self._edges) - len(kept)} more edges are left out")}"]')
        services = [node for node in self._services if node in used or self.fits]
        return render("topology.mmd", title=title, nodes=nodes, edges=[text for _, _, text in kept], services=services)

    def _kept(self) -> list[tuple[str, str, str]]:
        """The first edges, with their nodes, that Mermaid has room for."""
        texts = dict(self._nodes.values())
        size = 0
        for number, (start, end, text) in enumerate(self._edges):
            size += len(text) + len(texts.pop(start, "")) + len(texts.pop(end, ""))
            if number == MOST_EDGES or size > MOST_TEXT:
                return self._edges[:number]
        return self._edges


def service_topology(catalog: Catalog, ways: Ways, service: Service) -> Diagram:
    """A service, its channels with their dead letters, and who is at the other end."""
    chart = _Chart(catalog)
    chart.service(service.name)
    own = {edge: messages for edge, messages in ways.items() if edge.service == service.name}
    mine = {(edge.channel, message) for edge, messages in own.items() for message in messages}
    neighbours = {
        edge: tuple(each for each in messages if (edge.channel, each) in mine)
        for edge, messages in ways.items()
        if edge.service != service.name
    }
    _draw(chart, catalog, {**own, **{edge: messages for edge, messages in neighbours.items() if messages}})
    for receive in service.receives:
        chart.edge(chart.service(service.name), chart.dead_letters(receive.dead_letter.address), (receive.id,), "-.->")
    title = f"{service.name}: what it sends and receives"
    return Diagram(f"{service.name}.topology", title, chart.text(title), (service.name,))


def workspace_topology(catalog: Catalog, graph: FlowGraph, ways: Ways) -> Diagram:
    """All services and channels; where these are too many to draw, services alone."""
    chart = _whole(catalog, graph)
    _draw(chart, catalog, ways)
    if not chart.fits:
        chart = _whole(catalog, graph)
        _draw_services(chart, graph)
    return Diagram("workspace.topology", "The whole workspace", chart.text("The whole workspace"), graph.services)


def _whole(catalog: Catalog, graph: FlowGraph) -> _Chart:
    chart = _Chart(catalog)
    for name in graph.services:
        chart.service(name)
    return chart


def _draw(chart: _Chart, catalog: Catalog, ways: Ways) -> None:
    for edge, messages in ways.items():
        service, channel = chart.service(edge.service), chart.channel(edge.channel)
        names = (f"{catalog.messages[each].name} v{catalog.messages[each].version}" for each in messages)
        chart.edge(*((service, channel) if edge.sends else (channel, service)), names)


def _draw_services(chart: _Chart, graph: FlowGraph) -> None:
    pairs = dict.fromkeys(
        (sender.service, taker.service)
        for message, senders in graph.senders.items()
        for sender in senders
        for taker in graph.takers.get(message, ())
        if sender.service != taker.service and meets(sender, taker)
    )
    for sender, taker in pairs:
        chart.edge(chart.service(sender), chart.service(taker), ())


def travels(catalog: Catalog, graph: FlowGraph) -> Ways:
    """What travels between each service and each channel, sent and taken by whomever."""
    found: dict[_Edge, dict[MessageId, None]] = {}
    for service, message, channels, sends in _ends(catalog, graph):
        for channel in channels:
            found.setdefault(_Edge(service, channel, sends), {})[message] = None
    return {edge: tuple(messages) for edge, messages in found.items()}


def _ends(catalog: Catalog, graph: FlowGraph) -> Iterator[tuple[str, MessageId, tuple[str, ...], bool]]:
    for message, senders in graph.senders.items():
        for sender in senders:
            other = (each.channel for each in graph.takers.get(message, ()))
            yield sender.service, message, _channels(catalog, graph, message, sender.channel, other), True
    for message, takers in graph.takers.items():
        for taker in takers:
            other = (each.channel for each in graph.senders.get(message, ()))
            yield taker.service, message, _channels(catalog, graph, message, taker.channel, other), False


def _channels(
    catalog: Catalog, graph: FlowGraph, message: MessageId, own: str | None, other: Iterable[str | None]
) -> tuple[str, ...]:
    """The stated channel, else those of the other end, else the first that describes the message."""
    if own is not None:
        return (own,)
    met = tuple(dict.fromkeys(each for each in other if each is not None))
    described = (channel.id for channel in catalog.channels.values() if message in channel.messages)
    return met or tuple(graph.same_channel[each] for each in tuple(described)[:1])
