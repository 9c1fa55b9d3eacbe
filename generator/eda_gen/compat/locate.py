"""Where a JSON pointer stands in a file: the position of the key or element that it names."""

from __future__ import annotations

from functools import cache

from eda_gen.compat.change import Locate
from eda_gen.compat.difference import Place
from eda_gen.diagnostics import Span
from eda_gen.source import Files, Node, Workspace
from eda_gen.source.node import unescape

__all__ = ["locator"]


def locator(files: Files) -> Locate:
    """Reads a file when a place in it is first asked for. A pointer is followed as far as it leads."""
    workspace = Workspace(files)
    root = cache(workspace.read)

    def locate(place: Place, near: Span | None) -> Span:
        node = root(place.document)
        if node is None:
            return near or Span(files.shown(place.document))
        steps = place.pointer.split("/")[1:]
        if near is not None and steps and _child(node, unescape(steps[0])) is None:
            return near
        span = node.span
        for step in steps:
            name = unescape(step)
            found = _child(node, name)
            if found is None:
                break
            span = node.key_span(name) if node.is_mapping else found.span
            node = found
        return Span(span.path, span.line + place.line, 1) if place.line else span

    return locate


def _child(node: Node, name: str) -> Node | None:
    if node.is_mapping:
        return node.fields.get(name)
    return node.items[int(name)] if name.isdecimal() and int(name) < len(node.items) else None
