"""`eda-gen diagram`: one diagram on stdout."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from eda_gen.cli.report import format_option, print_diagnostics
from eda_gen.cli.status import Status

if TYPE_CHECKING:
    from eda_gen.emit.diagrams import Diagram


@click.command()
@click.argument("name", required=False)
@click.argument("specs", nargs=-1, type=click.Path(path_type=Path), metavar="[SPEC]...")
@click.option("--hops", is_flag=True, help="Show outboxes and channels on the way of each message.")
@format_option
def diagram(name: str | None, specs: tuple[Path, ...], hops: bool, format: str) -> int:
    """Print one Mermaid diagram: of a saga, a flow, a service, or the whole workspace.

    NAME may be the beginning of a diagram's name, up to a dot: `FulfilOrder`, `orders`, `workspace`. Without NAME, or with
    one that is not known, the names are listed. Without SPEC, the specs are those that the configuration names.
    """
    from eda_gen.config import find_config, load_config
    from eda_gen.emit.diagrams import all_diagrams
    from eda_gen.passes import compile_workspace

    name, specs = _told_apart(name, specs)
    result = load_config(find_config(Path.cwd())).then(lambda config: compile_workspace(specs, config))
    print_diagnostics(result.diagnostics, format)
    if not result.ok or result.value is None:
        return Status.BAD_INPUT
    diagrams = all_diagrams(result.value, hops=hops)
    found = _found(name, diagrams) if name is not None else None
    if found is not None:
        click.echo(found.text, nl=False)
        return Status.FINE
    return _list(name, diagrams)


def _told_apart(name: str | None, specs: tuple[Path, ...]) -> tuple[str | None, tuple[Path, ...]]:
    """A first word that is a file is no name."""
    if name is not None and Path(name).is_file():
        return None, (Path(name), *specs)
    return name, specs


def _found(name: str, diagrams: tuple[Diagram, ...]) -> Diagram | None:
    """The diagram of that name, else the first whose name begins with it, up to a dot."""
    exact = (each for each in diagrams if each.name == name)
    beginning = (each for each in diagrams if each.name.startswith(f"{name}."))
    return next(exact, None) or next(beginning, None)


def _list(name: str | None, diagrams: tuple[Diagram, ...]) -> int:
    if name is not None:
        click.echo(f"there is no diagram `{name}`; there are:", err=True)
    width = max(len(each.name) for each in diagrams)
    for each in diagrams:
        click.echo(f"{each.name:<{width}}  {each.title}", err=name is not None)
    return Status.BAD_INPUT if name is not None else Status.FINE
