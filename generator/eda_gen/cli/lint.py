"""`eda-gen lint`: is this a good spec?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eda_gen.cli.report import format_option, print_diagnostics
from eda_gen.cli.status import Status

if TYPE_CHECKING:
    from eda_gen.config import LintConfig


@click.command()
@click.argument("specs", nargs=-1, type=click.Path(path_type=Path), metavar="[SPEC]...")
@click.option(
    "--select", multiple=True, metavar="CODE", help="Report only these codes, or beginnings of codes such as EDA5."
)
@click.option("--ignore", multiple=True, metavar="CODE", help="Report all but these.")
@format_option
def lint(specs: tuple[Path, ...], select: tuple[str, ...], ignore: tuple[str, ...], format: str) -> int:
    """Check what specs mean: who sends and receives what, sagas, order, ownership, versions, personal data.

    The options stand in for `lint.select` and `lint.ignore` of the configuration; the longest code that fits decides.
    Findings go to stderr. The exit status is 1 if there is one, and 2 if a spec cannot be read.
    """
    from eda_gen.codes import CODES
    from eda_gen.config import LintConfig, find_config, load_config
    from eda_gen.passes import compile_workspace
    from eda_gen.rules import chosen, installed_rules, subject_of
    from eda_gen.rules import lint as findings_of

    config = load_config(find_config(Path.cwd()))
    result = config.then(lambda found: compile_workspace(specs, found))
    if not result.ok or result.value is None:
        print_diagnostics(result.diagnostics, format)
        return Status.BAD_INPUT
    rules = installed_rules()
    configured = config.value.lint if config.value is not None else LintConfig()
    wanted = LintConfig(select or configured.select, ignore or configured.ignore)
    _refuse_unknown(wanted, (*CODES, *(each.code for each in rules)))
    found = (*result.diagnostics, *findings_of(subject_of(result.value, date.today()), rules))
    reported = [each for each in found if chosen(each.code, wanted.select, wanted.ignore)]
    print_diagnostics(reported, format)
    return Status.FINDINGS if reported else Status.FINE


def _refuse_unknown(wanted: LintConfig, codes: Iterable[str]) -> None:
    known = tuple(codes)
    for each in (*wanted.select, *wanted.ignore):
        if not any(code.startswith(each) for code in known):
            raise click.UsageError(f"no code begins with `{each}`; `eda-gen explain` lists them all")
