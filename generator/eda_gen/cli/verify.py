"""`eda-gen verify`: every run of a saga, up to bounds."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eda_gen.cli.report import format_option, print_diagnostics
from eda_gen.cli.status import Status

if TYPE_CHECKING:
    from eda_gen.verify import Verdict


@click.command()
@click.argument("saga", required=False)
@click.argument("specs", nargs=-1, type=click.Path(path_type=Path), metavar="[SPEC]...")
@click.option("--duplicates", default=1, show_default=True, help="Replies that come twice, in one run.")
@click.option("--crashes", default=1, show_default=True, help="Crashes of the coordinator, in one run.")
@click.option("--dead-letters", default=1, show_default=True, help="Commands whose handlers give up, in one run.")
@click.option("--refusals", default=1, show_default=True, help="Refusals behind the pivot, in one run.")
@click.option("--most-states", default=1_000_000, show_default=True, help="Stop there, with nothing proved.")
@format_option
def verify(
    saga: str | None,
    specs: tuple[Path, ...],
    duplicates: int,
    crashes: int,
    dead_letters: int,
    refusals: int,
    most_states: int,
    format: str,
) -> int:
    """Explore every run of SAGA, or of all orchestrated sagas, and prove or refute what a saga promises.

    Messages come in any order, late or twice; steps fail or time out; the coordinator crashes. Where something does not
    hold, a shortest run shows it, as a list and as a Mermaid diagram. Without SPEC, the specs are those that the
    configuration names.
    """
    from eda_gen.config import find_config, load_config
    from eda_gen.passes import compile_workspace
    from eda_gen.verify import Bounds, orchestrated_sagas
    from eda_gen.verify import verify as explore

    saga, specs = _told_apart(saga, specs)
    result = load_config(find_config(Path.cwd())).then(lambda config: compile_workspace(specs, config))
    print_diagnostics(result.diagnostics, format)
    if not result.ok or result.value is None:
        return Status.BAD_INPUT
    known = list(orchestrated_sagas(result.value))
    wanted = [each for each in known if saga in (None, each[1].name)]
    if not wanted:
        click.echo(_nothing(saga, [found.name for _, found in known]), err=True)
        return Status.BAD_INPUT if saga else Status.FINE
    bounds = Bounds(duplicates, crashes, dead_letters, refusals)
    verdicts = []
    for service, found in wanted:
        began = time.perf_counter()
        verdict = explore(result.value, service, found, bounds, most_states)
        verdicts.append((verdict, time.perf_counter() - began))
    _print(verdicts, format)
    return Status.FINE if all(verdict.proved for verdict, _ in verdicts) else Status.FINDINGS


def _told_apart(name: str | None, specs: tuple[Path, ...]) -> tuple[str | None, tuple[Path, ...]]:
    """A first word that is a file is no name."""
    if name is not None and Path(name).is_file():
        return None, (Path(name), *specs)
    return name, specs


def _nothing(wanted: str | None, known: list[str]) -> str:
    if not known:
        return "these specs have no orchestrated saga"
    return f"there is no orchestrated saga `{wanted}`; there are: {', '.join(known)}"


def _print(verdicts: list[tuple[Verdict, float]], format: str) -> None:
    if format == "json":
        click.echo(json.dumps([_plain(verdict, seconds) for verdict, seconds in verdicts], indent=2))
        return
    for verdict, seconds in verdicts:
        click.echo("\n".join(_told(verdict, seconds)))


def _told(verdict: Verdict, seconds: float) -> Iterator[str]:
    from eda_gen.verify.story import as_lines, as_mermaid

    outcome = "proved" if verdict.proved else "refuted" if verdict.faults else "not decided: there are more states"
    yield f"{verdict.saga} of {verdict.service}: {outcome}; {verdict.states:,} states in {seconds:.2f} s"
    for fault in verdict.faults:
        yield f"\nnot true: {fault.broken.value}\n  {fault.told}"
        yield from (f"  {line}" for line in as_lines(fault))
        yield f"\n{as_mermaid(fault)}"


def _plain(verdict: Verdict, seconds: float) -> dict[str, object]:
    from eda_gen.verify.story import as_lines, as_mermaid

    return {
        "service": verdict.service,
        "saga": verdict.saga,
        "proved": verdict.proved,
        "states": verdict.states,
        "complete": verdict.complete,
        "seconds": round(seconds, 3),
        "faults": [
            {
                "property": fault.broken.name.lower(),
                "told": fault.told,
                "run": list(as_lines(fault)),
                "mermaid": as_mermaid(fault),
            }
            for fault in verdict.faults
        ],
    }
