"""What a diagram is, whatever it shows."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Diagram"]


@dataclass(frozen=True, slots=True)
class Diagram:
    """A Mermaid diagram. `name` is what a person asks for it by; `services` are those whose page shows it."""

    name: str
    title: str
    text: str
    services: tuple[str, ...]
