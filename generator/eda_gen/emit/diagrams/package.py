"""The target `diagrams`: for each service a folder of `.mmd` files and one page that shows them."""

from __future__ import annotations

from dataclasses import dataclass

from eda_gen.diagnostics import Result
from eda_gen.emit.diagrams.collection import all_diagrams
from eda_gen.emit.diagrams.diagram import Diagram
from eda_gen.emit.diagrams.render import render
from eda_gen.emit.target import Package
from eda_gen.model import Catalog, Service

__all__ = ["target"]


@dataclass(frozen=True, slots=True)
class _Entry:
    title: str
    file: str
    anchor: str
    text: str


def target(catalog: Catalog, service: Service) -> Result[Package]:
    """The diagrams in which `service` takes part, the whole workspace's among them."""
    entries = tuple(_entry(each) for each in all_diagrams(catalog) if service.name in each.services)
    page = render("page.md", title=f"{service.title}: diagrams", diagrams=entries)
    files = {"README.md": page, **{entry.file: entry.text for entry in entries}}
    return Result(Package(f"{service.name}-diagrams", service.document.path, files))


def _entry(diagram: Diagram) -> _Entry:
    return _Entry(diagram.title, f"{diagram.name}.mmd", diagram.name.lower(), diagram.text)
