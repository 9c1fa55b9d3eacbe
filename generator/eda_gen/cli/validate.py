"""`eda-gen validate`: is this a spec?"""

from __future__ import annotations

from pathlib import Path

import click

from eda_gen.cli.report import format_option, print_diagnostics
from eda_gen.cli.status import Status


@click.command()
@click.argument("specs", nargs=-1, type=click.Path(path_type=Path), metavar="[SPEC]...")
@format_option
def validate(specs: tuple[Path, ...], format: str) -> int:
    """Check specs: syntax, AsyncAPI structure, references, x-eda.

    Without SPEC, those that the configuration names. Findings go to stderr; the exit status is 2 if one is an error.
    """
    from eda_gen.config import find_config, load_config
    from eda_gen.passes import compile_workspace

    result = load_config(find_config(Path.cwd())).then(lambda config: compile_workspace(specs, config))
    print_diagnostics(result.diagnostics, format)
    if not result.ok or result.value is None:
        return Status.BAD_INPUT
    if format == "text":
        documents = len(result.value.documents)
        click.echo(f"{documents} document{'' if documents == 1 else 's'} fine")
    return Status.FINE
