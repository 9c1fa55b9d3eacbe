"""What a target is, and where targets are found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from typing import Protocol

from eda_gen.diagnostics import Result
from eda_gen.model import Catalog, Service

__all__ = ["Package", "Target", "UnknownTarget", "load_target"]

GROUP = "eda_gen.targets"


@dataclass(frozen=True, slots=True)
class Package:
    """The files of one service by one target: text by path, relative to the folder called `name`.

    `scaffolds` are the user's from then on: written where they are missing, and never again. `handlers` names, for each
    of them, the methods that it must have.
    """

    name: str
    spec: str
    files: Mapping[str, str]
    scaffolds: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Target(Protocol):
    """Turns one service of a catalog into files. Spec text reaches them only through an escaper of their language."""

    def __call__(self, catalog: Catalog, service: Service) -> Result[Package]: ...


class UnknownTarget(Exception):
    """No installed distribution offers a target of this name."""


def load_target(name: str) -> Target:
    """Import the target that an entry point of the group `eda_gen.targets` names. Raises `UnknownTarget`."""
    found = {each.name: each for each in entry_points(group=GROUP)}
    if name not in found:
        raise UnknownTarget(f"there is no target `{name}`: installed are {', '.join(sorted(found))}")
    target: Target = found[name].load()
    return target
