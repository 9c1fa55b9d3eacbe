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
    from eda_gen.cli.states import CurrentCatalog
    from eda_gen.compat import Change, ContentModel, Mode
    from eda_gen.compat.render import Outcome
    from eda_gen.model import Catalog

DEEP = 5000
"""Frames: schemas that refer to one another are followed one into the next, about ten frames each."""

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "green"}


@click.command()
@click.argument("specs", nargs=-1, type=click.Path(path_type=Path), metavar="[SPEC]...")
@click.option(
    "--against", metavar="STATE", help="git:REVISION, .git#tag=NAME, .git#branch=NAME, registry:URL, or a path."
)
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
) -> Result[Outcome]:
    from datetime import UTC, datetime

    from eda_gen.cli.against import CannotCompare, current_state, open_against
    from eda_gen.compat.accept import judge, unused
    from eda_gen.compat.render import Outcome

    try:
        current = current_state(specs, config)
        compared = _changes(current, open_against(against, current), mode, content_model)
    except CannotCompare as error:
        raise click.UsageError(str(error)) from None
    if compared.value is None:
        return Result(None, compared.diagnostics)
    judged = judge(compared.value, mode, config.compat.accept, datetime.now(UTC).date())
    idle = (_idle(each.rule, each.subject, config) for each in unused(judged, config.compat.accept))
    return Result(Outcome(against, mode, content_model, judged), (*compared.diagnostics, *idle))


def _idle(name: str, subject: str, config: Config) -> Diagnostic:
    from eda_gen.compat.rules import rule

    about = rule("accept-unused")
    message = f"the accepted break {name} of {subject} is not there in this mode"
    return Diagnostic(about.id, message, Span(str(config.file)), about.help, Severity.INFO)


def _changes(
    current: Current, snapshot: Snapshot, mode: Mode, content_model: ContentModel
) -> Result[tuple[Change, ...]]:
    from eda_gen.cli.states import read_current, read_earlier
    from eda_gen.compat import compare, locator

    now = read_current(current)
    new, old = now.result, read_earlier(snapshot, now)
    if new.value is None or old.value is None:
        told = () if old.value is not None else (_unreadable(snapshot.name, Severity.ERROR), *old.diagnostics)
        return Result(None, (*new.diagnostics, *told))
    locate = locator(snapshot.files), locator(current.files)
    found = compare(old.value, new.value, locate, content_model, versions=mode.transitive)
    if not mode.transitive:
        return Result(found, new.diagnostics)
    return _through_history(Result(found, new.diagnostics), snapshot, now, new.value, content_model)


def _through_history(
    found: Result[tuple[Change, ...]],
    snapshot: Snapshot,
    now: CurrentCatalog,
    new: Catalog,
    content_model: ContentModel,
) -> Result[tuple[Change, ...]]:
    """Adds what the states before the snapshot find that it does not."""
    from eda_gen.cli.states import read_earlier
    from eda_gen.compat import compare, locator, merge

    changes, told = found.value or (), list(found.diagnostics)
    here = locator(now.files)
    for earlier in _history(snapshot):
        old = read_earlier(earlier, now)
        if old.value is None:
            told.append(_unreadable(earlier.name, Severity.WARNING))
            continue
        more = compare(old.value, new, (locator(earlier.files), here), content_model)
        changes = tuple(merge(changes, more, earlier.name))
    return Result(changes, tuple(told))


def _unreadable(name: str, severity: Severity) -> Diagnostic:
    """An earlier state's own errors are told only where nothing can be compared for them."""
    from eda_gen.compat.rules import rule

    about = rule("state-unreadable")
    message = f"{name} cannot be read, and is not compared with"
    return Diagnostic(about.id, message, Span(name), about.help, severity)


def _history(snapshot: Snapshot) -> Iterator[Snapshot]:
    """The states behind a snapshot, told on a terminal as they are read."""
    for earlier in snapshot.earlier():
        if sys.stderr.isatty():
            click.echo(f"\rreading {earlier.name} …", err=True, nl=False)
        yield earlier
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", err=True, nl=False)


def _print(outcome: Outcome, format: str, everything: bool) -> None:
    from eda_gen.compat.render import as_diagnostics, as_json, as_sarif, as_text

    if format == "text":
        colored = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        click.echo(as_text(outcome, _style, everything=everything), color=colored)
    elif format == "github":
        click.echo(FORMATS["github"](as_diagnostics(outcome)), nl=bool(as_diagnostics(outcome)))
    else:
        click.echo(as_json(outcome) if format == "json" else as_sarif(outcome))


def _style(text: str, severity: Severity | None) -> str:
    return click.style(text, bold=True, fg=_COLORS[severity] if severity is not None else None)
