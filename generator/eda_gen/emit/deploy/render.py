"""Templates to text."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from eda_gen.emit.deploy import text
from eda_gen.emit.python.text import comment

__all__ = ["render"]


def render(template: str, **values: object) -> str:
    """Fill `templates/deploy/<template>.jinja`."""
    return _environment().get_template(f"{template}.jinja").render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_templates() / "deploy"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - these are YAML and HCL, and the filters below are their escapers
    )
    environment.filters |= {
        "hcl": text.hcl,
        "yaml": text.yaml,
        "compose": text.compose,
        "nats": text.nats,
        "comment": comment,
    }
    return environment


def _templates() -> Path:
    """Beside the package in a wheel, at the top of the repository in a source tree."""
    package = Path(__file__).parents[2]
    shipped = package / "templates"
    return shipped if shipped.is_dir() else package.parents[1] / "templates"
