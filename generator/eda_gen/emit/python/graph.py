"""Strongly connected components."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

__all__ = ["components"]

Vertex = TypeVar("Vertex", bound=Hashable)


def components(edges: Mapping[Vertex, Iterable[Vertex]]) -> list[list[Vertex]]:
    """The strongly connected components of a graph (Kosaraju's algorithm), without recursion."""
    backward: dict[Vertex, list[Vertex]] = {vertex: [] for vertex in edges}
    for vertex, targets in edges.items():
        for target in targets:
            backward[target].append(vertex)
    finished = [vertex for tree in _trees(edges, list(edges)) for vertex in tree]
    return _trees(backward, list(reversed(finished)))


def _trees(edges: Mapping[Vertex, Iterable[Vertex]], roots: Iterable[Vertex]) -> list[list[Vertex]]:
    """Depth-first trees, each with its vertices in the order in which they were finished."""
    seen: set[Vertex] = set()
    trees: list[list[Vertex]] = []
    for root in roots:
        if root in seen:
            continue
        seen.add(root)
        tree: list[Vertex] = []
        path = [(root, iter(edges[root]))]
        while path:
            vertex, targets = path[-1]
            following = next((target for target in targets if target not in seen), None)
            if following is None:
                tree.append(vertex)
                path.pop()
            else:
                seen.add(following)
                path.append((following, iter(edges[following])))
        trees.append(tree)
    return trees
