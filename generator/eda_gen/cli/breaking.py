"""`eda-gen breaking`: what changed since an earlier state, and whom it breaks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eda_gen.cli.report import FORMATS, format_option, print_diagnostics
from eda_gen.cli.status import Status
from eda_gen.config import CONTENT_MODELS, MODES, Config, find_config, load_config
from eda_gen.diagnostics import Diagnostic, Result, Severity, Span

if TYPE_CHECKING:
    from eda_gen.cli.against import Current, Snapshot
    from eda_gen.compat import Change, ContentModel, Mode
    from eda_gen.compat.render import Comparison
    from eda_gen.model import Catalog

DEEP = 5000
"""Frames: schemas that refer to one another are followed one into the next, about ten frames each."""

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "green"}


@click.command()
@click.argument("specs", nargs=-1, type=click.Path(path_type=Path), metavar="[SPEC]...")
@click.option("--against", metavar="STATE", help="git:REVISION, .git#tag=NAME, .git#branch=NAME, or a path.")
@click.option("--mode", type=click.Choice(MODES), help="Who must go on reading. Default: as configured, else backward.")
@click.option("--content-model", type=click.Choice(CONTENT_MODELS), help="Default: as configured, else tolerant.")
@click.option("--all", "everything", is_flag=True, help="Show compatible changes too.")
@format_option
def breaking(
    specs: tuple[Path, ...],
    against: str | None,
    mode: str | None,
    content_model: str | None,
    everything: bool,
    format: str,
) -> int:
    """Compare specs with an earlier state: what changed, and whom it breaks.

    Without SPEC, the specs that the configuration names. The exit status is 1 if a change breaks in the mode and is
    not accepted by an entry of `[[compat.accept]]`, and 2 if either state cannot be read.
    """
    from eda_gen.compat import ContentModel, Mode

    sys.setrecursionlimit(DEEP)
    loaded = load_config(find_config(Path.cwd()))
    config = loaded.value
    wanted = against or (config.compat.against if config is not None else None)
    if config is None:
        print_diagnostics(loaded.diagnostics, format)
        return Status.BAD_INPUT
    if wanted is None:
        raise click.UsageError(
            "say what to compare with: `--against git:main`, or `compat.against` in the configuration"
        )
    chosen = Mode(mode or config.compat.mode), ContentModel(content_model or config.compat.content_model)
    result = _compared(specs, config, wanted, *chosen)
    print_diagnostics(result.diagnostics, "text")
    if result.value is None:
        return Status.BAD_INPUT
    _print(result.value, format, everything)
    return Status.FINDINGS if result.value.failing else Status.FINE


def _compared(
    specs: tuple[Path, ...], config: Config, against: str, mode: Mode, content_model: ContentModel
) -> Result[Comparison]:
    from datetime import UTC, datetime

    from eda_gen.cli.against import CannotCompare, current_state, open_against
    from eda_gen.compat.accept import judge, unused
    from eda_gen.compat.render import Comparison

    try:
        current = current_state(specs, config)
        snapshot = open_against(against, current)
    except CannotCompare as error:
        raise click.UsageError(str(error)) from None
    compared = _changes(current, snapshot, mode, content_model)
    if compared.value is None:
        return Result(None, compared.diagnostics)
    judged = judge(compared.value, mode, config.compat.accept, datetime.now(UTC).date())
    idle = (_idle(each.rule, each.subject, config) for each in unused(judged, config.compat.accept))
    return Result(Comparison(against, mode, content_model, judged), (*compared.diagnostics, *idle))


def _idle(rule: str, subject: str, config: Config) -> Diagnostic:
    message = f"the accepted break {rule} of {subject} is not there in this mode"
    return Diagnostic(
        "EDA031", message, Span(str(config.file)), "remove the entry once the break is part of history", Severity.INFO
    )


def _changes(
    current: Current, snapshot: Snapshot, mode: Mode, content_model: ContentModel
) -> Result[tuple[Change, ...]]:
    from eda_gen.cli.states import read_current, read_earlier
    from eda_gen.compat import compare, locator, merge

    now = read_current(current)
    new, old = now.result, read_earlier(snapshot, now)
    if new.value is None or old.value is None:
        return Result(None, new.diagnostics + _told_of(snapshot, old))
    here = locator(current.files)
    found = list(
        compare(old.value, new.value, (locator(snapshot.files), here), content_model, versions=mode.transitive)
    )
    told: tuple[Diagnostic, ...] = new.diagnostics
    for earlier in _history(snapshot) if mode.transitive else ():
        catalog = read_earlier(earlier, now)
        if catalog.value is None:
            told += (
                Diagnostic(
                    "EDA032",
                    f"{earlier.name} cannot be read, and is left out",
                    Span(earlier.name),
                    severity=Severity.WARNING,
                ),
            )
            continue
        changes = compare(catalog.value, new.value, (locator(earlier.files), here), content_model)
        found = list(merge(found, changes, earlier.name))
    return Result(tuple(found), told)


def _history(snapshot: Snapshot) -> Iterator[Snapshot]:
    """The states behind a snapshot, told on a terminal as they are read."""
    for earlier in snapshot.earlier():
        if sys.stderr.isatty():
            click.echo(f"\rreading {earlier.name} …", err=True, nl=False)
        yield earlier
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)


def _told_of(snapshot: Snapshot, old: Result[Catalog]) -> tuple[Diagnostic, ...]:
    """The earlier state's errors are told only if it cannot be read for them."""
    if old.value is not None:
        return ()
    span = Span(snapshot.name)
    return (
        Diagnostic("EDA032", f"{snapshot.name} cannot be read, so that nothing can be compared", span),
        *old.diagnostics,
    )


def _print(comparison: Comparison, format: str, everything: bool) -> None:
    from eda_gen.compat.render import as_diagnostics, as_json, as_sarif, as_text

    if format == "text":
        colored = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        click.echo(as_text(comparison, _style, everything=everything), color=colored)
    elif format == "github":
        click.echo(FORMATS["github"](as_diagnostics(comparison)), nl=bool(as_diagnostics(comparison)))
    else:
        click.echo(as_json(comparison) if format == "json" else as_sarif(comparison))


def _style(text: str, severity: Severity | None) -> str:
    return click.style(text, bold=True, fg=_COLORS[severity] if severity is not None else None)
