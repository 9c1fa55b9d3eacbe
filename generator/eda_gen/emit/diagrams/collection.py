"""All diagrams of a workspace, each under a name of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from eda_gen.emit.diagrams.diagram import Diagram
from eda_gen.emit.diagrams.flows import choreography_sequences, flow_sequence
from eda_gen.emit.diagrams.post import Post
from eda_gen.emit.diagrams.sagas import saga_sequences
from eda_gen.emit.diagrams.states import state_diagram
from eda_gen.emit.diagrams.topology import service_topology, travels, workspace_topology
from eda_gen.model import Catalog, SagaStyle
from eda_gen.passes.flow_graph import flow_graph
from eda_gen.passes.flows import derive_flows

__all__ = ["all_diagrams"]


def all_diagrams(catalog: Catalog, *, hops: bool = False) -> tuple[Diagram, ...]:
    """Sagas first, then flows, then topologies, each in the order of the documents.

    A name is fit to be a file's. With `hops`, sequences show each message's outbox and channel.
    """
    return tuple(_with_names(_drawn(Post(catalog, flow_graph(catalog), hops))))


def _drawn(post: Post) -> Iterator[Diagram]:
    for service in post.catalog.services:
        for saga in service.sagas:
            orchestrated = saga.style is SagaStyle.ORCHESTRATION
            yield from saga_sequences(post, service, saga) if orchestrated else choreography_sequences(post, saga)
            yield state_diagram(post, service, saga)
    for flow in derive_flows(post.graph):
        yield flow_sequence(post, flow)
    ways = travels(post.catalog, post.graph)
    yield from (service_topology(post.catalog, ways, service) for service in post.catalog.services)
    yield workspace_topology(post.catalog, post.graph, ways)


def _with_names(diagrams: Iterable[Diagram]) -> Iterator[Diagram]:
    """Names that any file system tells apart, numbered where two would be one."""
    taken: set[str] = set()
    for diagram in diagrams:
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", diagram.name).strip("-.")[:100] or "diagram"
        wishes = (stem if number == 1 else f"{stem}-{number}" for number in range(1, len(taken) + 2))
        name = next(each for each in wishes if each.lower() not in taken)
        taken.add(name.lower())
        yield replace(diagram, name=name)
