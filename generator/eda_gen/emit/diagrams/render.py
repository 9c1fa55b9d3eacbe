"""Templates to text."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eda_gen.emit.diagrams import mermaid

__all__ = ["markdown", "render"]


def render(template: str, **values: object) -> str:
    """Fill `templates/diagrams/<template>.jinja`."""
    return _environment().get_template(f"{template}.jinja").render(values)


def markdown(text: str) -> str:
    """Plain text for one line of Markdown: every character that could mean something in it is escaped."""
    readable = "".join(char if char.isprintable() else " " for char in text)
    return re.sub(r"([\\`*_{}\[\]()<>#!|~&$])", r"\\\1", " ".join(readable.split()))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_templates() / "diagrams"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - these are Mermaid and Markdown, and the filters below are their escapers
    )
    environment.filters |= {"mermaid": mermaid.escaped, "markdown": markdown}
    return environment


def _templates() -> Path:
    """Beside the package in a wheel, at the top of the repository in a source tree."""
    package = Path(__file__).parents[2]
    shipped = package / "templates"
    return shipped if shipped.is_dir() else package.parents[1] / "templates"
