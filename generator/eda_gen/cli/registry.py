"""`eda-gen registry`: a schema registry that speaks Confluent's API."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eda_gen.cli.report import format_option, print_diagnostics
from eda_gen.cli.status import Status
from eda_gen.diagnostics import Diagnostic, Result, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from eda_gen.compat import Locate
    from eda_gen.model import Schema, SchemaId
    from eda_gen.registry import Naming, Subject
    from eda_gen.registry.work import Outcome

NAMINGS = ("topic", "record", "topic-record")
LEVELS = ("NONE", *(name + more for name in ("BACKWARD", "FORWARD", "FULL") for more in ("", "_TRANSITIVE")))
DEEP = 5000
"""Frames: as `breaking` needs them."""


@click.group()
def registry() -> None:
    """Push schemas to a schema registry that speaks Confluent's API, or check what it would say."""


def _options(command: Callable[..., int]) -> Callable[..., int]:
    for option in (
        format_option,
        click.option("--service", "services", multiple=True, help="Only this service's channels; may be repeated."),
        click.option(
            "--compatibility",
            type=click.Choice(LEVELS, case_sensitive=False),
            help="The level of each subject.  [default: as it is]",
        ),
        click.option(
            "--naming", type=click.Choice(NAMINGS), default="topic", show_default=True, envvar="EDA_REGISTRY_NAMING",
            help="What subjects are named after.",
        ),
        click.option("--url", help="The root of the registry's API.  [default: EDA_REGISTRY_URL]"),
        click.argument("specs", nargs=-1, type=click.Path(path_type=Path), metavar="[SPEC]..."),
    ):  # fmt: skip
        command = option(command)
    return command


@registry.command()
@_options
def push(
    specs: tuple[Path, ...],
    url: str | None,
    naming: str,
    compatibility: str | None,
    services: tuple[str, ...],
    format: str,
) -> int:
    """Register the schemas of all message versions, oldest first, and set their subjects' compatibility.

    What is there already stays as it is. The exit status is 1 if the registry refuses a schema, and 2 if a spec cannot be
    read, or the registry not be reached. Credentials: EDA_REGISTRY_USERNAME and EDA_REGISTRY_PASSWORD, or
    EDA_REGISTRY_TOKEN; EDA_REGISTRY_CA_FILE says who signed the registry's certificate.
    """
    return _run(specs, url, naming, compatibility, services, format, dry=False)


@registry.command()
@_options
def check(
    specs: tuple[Path, ...],
    url: str | None,
    naming: str,
    compatibility: str | None,
    services: tuple[str, ...],
    format: str,
) -> int:
    """Say what a push would do, and what would be refused, and why. Changes nothing.

    The exit status and the environment are those of `push`.
    """
    return _run(specs, url, naming, compatibility, services, format, dry=True)


def _run(
    specs: tuple[Path, ...],
    url: str | None,
    naming: str,
    compatibility: str | None,
    services: tuple[str, ...],
    format: str,
    *,
    dry: bool,
) -> int:
    from eda_gen.registry import Access, Naming, Registry, RegistryError
    from eda_gen.registry.work import Outcome, Work

    sys.setrecursionlimit(DEEP)
    prepared = _prepared(specs, Naming(naming), services)
    if prepared.value is None or not prepared.ok:
        print_diagnostics(prepared.diagnostics, format)
        return Status.BAD_INPUT
    subjects, schemas, locate = prepared.value
    outcome, level = Outcome(), compatibility.upper() if compatibility else None
    try:
        work = Work(Registry(Access.read(url)), schemas, locate, level, dry)
        for subject in subjects:
            work.on(subject, outcome)
    except RegistryError as error:
        span = Span("--url" if url else "EDA_REGISTRY_URL")
        failure = Diagnostic("EDA030", str(error), span, error.help)
        return _report(outcome, (*prepared.diagnostics, *outcome.diagnostics, failure), format, Status.BAD_INPUT)
    return _report(outcome, (*prepared.diagnostics, *outcome.diagnostics), format, Status.FINDINGS)


def _report(outcome: Outcome, found: tuple[Diagnostic, ...], format: str, wrong: Status) -> int:
    """What was done, also before the registry failed; then the findings."""
    for line in outcome.lines:
        click.echo(line)
    print_diagnostics(found, format)
    return wrong if any(each.severity is Severity.ERROR for each in found) else Status.FINE


def _prepared(
    specs: tuple[Path, ...], naming: Naming, services: tuple[str, ...]
) -> Result[tuple[tuple[Subject, ...], Mapping[SchemaId, Schema], Locate]]:
    """What belongs into the registry, and how to find it in the specs."""
    from eda_gen.cli.against import CannotCompare, current_state
    from eda_gen.cli.states import read_current
    from eda_gen.compat import locator
    from eda_gen.config import find_config, load_config
    from eda_gen.registry import subjects

    config = load_config(find_config(Path.cwd()))
    if config.value is None:
        return Result(None, config.diagnostics)
    try:
        current = current_state(specs, config.value)
    except CannotCompare as error:
        raise click.UsageError(str(error)) from None
    catalog = read_current(current).result
    known = [each.name for each in catalog.value.services] if catalog.value is not None else []
    if unknown := [each for each in services if catalog.value is not None and each not in known]:
        raise click.UsageError(f"the specs describe no service `{unknown[0]}`, but {', '.join(known) or 'none'}")
    locate = locator(current.files)
    return catalog.then(
        lambda read: subjects(read, naming, services).then(lambda found: Result((found, read.schemas, locate)))
    )
