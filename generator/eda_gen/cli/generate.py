"""`eda-gen generate`: specs in, packages out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eda_gen.cli.report import format_option, print_diagnostics
from eda_gen.cli.status import Status
from eda_gen.diagnostics import Diagnostic, Result, Span, sorted_diagnostics

if TYPE_CHECKING:
    from eda_gen.config import Config
    from eda_gen.emit import Package
    from eda_gen.model import Catalog, Service
    from eda_gen.output import Plan

__all__ = ["generate"]


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for."""

    specs: tuple[Path, ...]
    out: Path | None
    targets: tuple[str, ...]
    services: tuple[str, ...]
    check: bool
    diff: bool
    force: bool
    format: str

    @property
    def is_whole(self) -> bool:
        """Whether all that is configured is meant."""
        return not (self.specs or self.out or self.targets or self.services)


@dataclass(frozen=True, slots=True)
class Job:
    """One service by one target into one folder."""

    service: Service
    target: str
    folder: Path


@click.command()
@click.argument("specs", nargs=-1, type=click.Path(path_type=Path), metavar="[SPEC]...")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write every service into a package in this folder."
)
@click.option(
    "--target", "targets", multiple=True, help="Only this target; may be repeated.  [default: as configured, or python]"
)
@click.option("--service", "services", multiple=True, help="Only this service; may be repeated.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if something would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--watch", is_flag=True, help="Generate again whenever a spec changes.")
@click.option("--force", is_flag=True, help="Overwrite generated files that were edited; the edits are kept as *.orig.")
@format_option
def generate(
    specs: tuple[Path, ...],
    out: Path | None,
    targets: tuple[str, ...],
    services: tuple[str, ...],
    check: bool,
    diff: bool,
    watch: bool,
    force: bool,
    format: str,
) -> int:
    """Write the code that specs describe: those given, or all that the configuration names.

    Only what changed is written. Your own files, such as handlers.py, are made once and then left alone.
    """
    request = Request(specs, out, targets, services, check, diff, force, format)
    if watch:
        return _watch(request)
    return _run(request)


def _run(request: Request) -> int:
    from eda_gen.config import find_config, load_config
    from eda_gen.passes import compile_workspace

    config = load_config(find_config(Path.cwd()))
    catalog = config.then(lambda found: compile_workspace(request.specs, found))
    plans = (
        catalog.then(lambda found: _plans(found, config.value, request))
        if catalog.ok
        else Result(None, catalog.diagnostics)
    )
    if plans.value is None or not plans.ok:
        print_diagnostics(plans.diagnostics, request.format)
        return Status.BAD_INPUT
    status, problems = _act(plans.value, request)
    print_diagnostics((*plans.diagnostics, *problems), request.format)
    return status


def _plans(catalog: Catalog, config: Config | None, request: Request) -> Result[tuple[Plan, ...]]:
    """Every change to be made, before any is."""
    from eda_gen.emit import UnknownTarget, load_target
    from eda_gen.output.leftovers import leftovers

    jobs = _jobs(catalog, config, request)
    try:
        targets = {name: load_target(name) for name in {job.target for job in jobs}}
    except UnknownTarget as unknown:
        raise click.UsageError(str(unknown)) from None
    plans: list[Plan] = []
    problems: list[Diagnostic] = []
    for job in jobs:
        package = targets[job.target](catalog, job.service)
        problems += package.diagnostics
        if package.value is not None:
            plans.append(_plan(job, package.value, request))
            problems += _findings(plans[-1], package.value)
    problems += _clashes(plans, jobs)
    if config is not None and request.is_whole:
        problems += _unknown_services(catalog, config)
        if len(plans) == len(jobs):
            problems += leftovers({job.folder for job in jobs}, {plan.folder for plan in plans})
    return Result(tuple(plans), sorted_diagnostics(problems))


def _unknown_services(catalog: Catalog, config: Config) -> Iterator[Diagnostic]:
    known = [service.name for service in catalog.services]
    for output in config.outputs:
        if output.service is not None and output.service not in known:
            message = f"an `[[output]]` is for the service `{output.service}`, which the specs do not describe"
            yield Diagnostic("EDA021", message, Span(str(config.file)), f"they describe {', '.join(known) or 'none'}")


def _jobs(catalog: Catalog, config: Config | None, request: Request) -> list[Job]:
    services = _chosen(catalog, request.services)
    if request.out is not None:
        wanted = dict.fromkeys(request.targets or ("python",))
        return [Job(service, target, request.out) for service in services for target in wanted]
    if config is None or not config.outputs:
        raise click.UsageError("nothing says where to write: give --out DIR, or an [[output]] in eda-gen.toml")
    root = config.root or Path()
    return [
        Job(service, target, _shown(root / output.path))
        for output in config.outputs
        for service in services
        for target in output.targets
        if output.service in (None, service.name) and (not request.targets or target in request.targets)
    ]


def _chosen(catalog: Catalog, wanted: Sequence[str]) -> list[Service]:
    known = [service.name for service in catalog.services]
    for name in wanted:
        if name not in known:
            raise click.UsageError(f"the specs describe no service `{name}`, but {', '.join(known) or 'none'}")
    return [service for service in catalog.services if not wanted or service.name in wanted]


def _shown(path: Path) -> Path:
    """A path as short as it can be from here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _plan(job: Job, package: Package, request: Request) -> Plan:
    from eda_gen.output import plan_package

    document = job.service.document
    return plan_package(
        job.folder / package.name,
        package.files,
        package.scaffolds,
        spec=document.path,
        digest=document.digest,
        force=request.force,
    )


def _findings(plan: Plan, package: Package) -> Iterator[Diagnostic]:
    from eda_gen.output.handlers import broken_imports, missing_methods, new_arguments

    yield from plan.problems
    yield from broken_imports(plan.folder, package.files)
    yield from new_arguments(plan.folder, plan.changes, package.methods)
    for path, methods in package.methods.items():
        yield from missing_methods(plan.folder / path, methods)


def _clashes(plans: Sequence[Plan], jobs: Sequence[Job]) -> Iterator[Diagnostic]:
    seen: dict[Path, Job] = {}
    for plan, job in zip(plans, jobs, strict=False):
        first = seen.setdefault(plan.folder, job)
        if first is not job:
            message = f"{first.service.name} and {job.service.name} would both be written to {plan.folder}"
            yield Diagnostic(
                "EDA095", message, job.service.span, "give them different names with `x-eda: {service: …}`"
            )


def _act(plans: Sequence[Plan], request: Request) -> tuple[Status, tuple[Diagnostic, ...]]:
    """Show, judge or write the plans."""
    changes = [change for plan in plans for change in plan.changes]
    if request.diff:
        click.echo("".join(change.diff() for change in changes), nl=False)
    if request.check:
        for change in changes:
            click.echo(f"{change.path} is not as it would be generated", err=True)
        return (Status.FINDINGS if changes else Status.FINE), ()
    return (Status.FINE, ()) if request.diff else _write(plans)


def _write(plans: Sequence[Plan]) -> tuple[Status, tuple[Diagnostic, ...]]:
    from eda_gen.output import write_plans

    try:
        write_plans(plans)
    except OSError as failure:
        span = Span(str(failure.filename or "."))
        return Status.BAD_INPUT, (Diagnostic("EDA092", f"writing failed: {failure.strerror or failure}", span),)
    for plan in plans:
        click.echo(f"{plan.folder}: {_summary(plan)}")
    return Status.FINE, ()


def _summary(plan: Plan) -> str:
    made = sum(change.before is None for change in (*plan.changes, *plan.scaffolds))
    gone = sum(change.after is None for change in plan.changes)
    changed = len(plan.changes) + len(plan.scaffolds) - made - gone
    counts = ((made, "written"), (changed, "changed"), (gone, "removed"))
    return ", ".join(f"{count} {what}" for count, what in counts if count) or "unchanged"


def _watch(request: Request) -> int:
    try:
        from watchfiles import watch
    except ImportError:
        raise click.UsageError("--watch needs one more package: pip install 'eda-gen[watch]'") from None
    _run(request)
    folders = _watched(request.specs)
    click.echo(f"watching {', '.join(map(str, folders))}; Ctrl-C stops", err=True)
    for changes in watch(*folders, watch_filter=_is_spec):
        click.echo(f"changed: {', '.join(sorted({_shown(Path(path)).as_posix() for _, path in changes}))}", err=True)
        _run(request)
    return Status.FINE


def _watched(specs: Iterable[Path]) -> list[Path]:
    from eda_gen.config import find_config, load_config

    config = load_config(find_config(Path.cwd())).value
    paths = list(specs) or list(config.spec_paths() if config else ())
    return sorted({_shown(path.resolve().parent) for path in paths}) or [Path()]


def _is_spec(_: object, path: str) -> bool:
    from eda_gen.output.leftovers import is_generated

    return path.endswith((".yaml", ".yml", ".json", ".toml", ".avsc", ".proto")) and not is_generated(Path(path))
