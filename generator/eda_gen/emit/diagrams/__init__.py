"""Mermaid diagrams: sequences of sagas and flows, states of sagas, topologies of services."""

from eda_gen.emit.diagrams.collection import all_diagrams
from eda_gen.emit.diagrams.diagram import Diagram
from eda_gen.emit.diagrams.package import target

__all__ = ["Diagram", "all_diagrams", "target"]
