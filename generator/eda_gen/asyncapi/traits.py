"""Traits, merged into what carries them."""

from __future__ import annotations

from functools import reduce

from eda_gen.source import Node, Workspace

__all__ = ["merge_patch", "with_traits"]


def with_traits(node: Node, workspace: Workspace, *, traits_win: bool = False) -> Node:
    """The node with its `traits` merged in, in their order, and gone.

    In AsyncAPI 3 a trait never overrides what the object says itself (3.1, Operation Trait Object); in 2.x the traits are
    merge patches upon it, and win.
    """
    listed = node.get("traits")
    if listed is None:
        return node
    traits = [found for found in (workspace.resolve(each) for each in listed.items) if found is not None]
    own = node.replace({name: value for name, value in node.fields.items() if name != "traits"})
    if traits_win:
        return reduce(merge_patch, traits, own)
    layers = [*traits, own]
    merged = reduce(merge_patch, layers)
    return own.replace(merged.fields, {**merged.keys, **own.keys})


def merge_patch(target: Node, patch: Node) -> Node:
    """`patch` applied to `target` (RFC 7396). A Reference Object is one value and is not mixed with its neighbour."""
    if not patch.is_mapping or not target.is_mapping or patch.ref is not None or target.ref is not None:
        return patch
    fields = dict(target.fields)
    for name, value in patch.fields.items():
        if value.value is None:
            fields.pop(name, None)
        else:
            fields[name] = merge_patch(fields[name], value) if name in fields else value
    return target.replace(fields, {**target.keys, **patch.keys})
