"""`eda saga`: the instances of a service's sagas."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from datetime import datetime

import click

from eda_runtime.app import App
from eda_runtime.cli.target import opened, split_target
from eda_runtime.saga import control
from eda_runtime.saga.control import Event, Line
from eda_runtime.saga.definition import AnySaga
from eda_runtime.saga.story import as_mermaid, as_table
from eda_runtime.stores import Store

__all__ = ["command"]

Change = Callable[[Store, str, str], Awaitable[None]]
STATUSES = ("running", "compensating", "completed", "failed", "abandoned")


@click.group("saga")
def command() -> None:
    """Look at the instances of sagas, let them try again at once, or give them up."""


@command.command("list")
@click.argument("app", nargs=-1)
@click.option("--saga", "name", help="Only of this saga.")
@click.option("--status", type=click.Choice(STATUSES), help="Only in this state.")
@click.option("--stuck", is_flag=True, help="Only those with a problem.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=1000, show_default=True)
@click.option("--format", "style", type=click.Choice(("text", "json")), default="text")
def list_(app: tuple[str, ...], name: str | None, status: str | None, stuck: bool, limit: int, style: str) -> None:
    """List instances, oldest first."""
    service, _ = split_target(app)
    lines = asyncio.run(_find(service, name, status, stuck, limit))
    if style == "json":
        click.echo(json.dumps([_plain(asdict(line)) for line in lines], indent=2))
        return
    for line in lines:
        waiting = f"  waits for {', '.join(line.waiting)}" if line.waiting else ""
        problem = f"  PROBLEM: {line.problem}" if line.problem else ""
        click.echo(
            f"{line.saga}  {line.id}  {line.status}  since {line.started_at:%Y-%m-%d %H:%M:%S}{waiting}{problem}"
        )


@command.command("show")
@click.argument("app_and_id", nargs=-1)
@click.option("--saga", "name", help="The saga, where the service has several.")
@click.option("--format", "style", type=click.Choice(("table", "mermaid", "json")), default="table")
def show(app_and_id: tuple[str, ...], name: str | None, style: str) -> None:
    """Show what happened to one instance: APP ID."""
    service, rest = split_target(app_and_id)
    saga, id_ = _one(service, name, rest)
    events = asyncio.run(_history(service, saga.name, id_))
    if not events:
        raise click.UsageError(f"{saga.name} has no instance {id_}")
    if style == "json":
        click.echo(json.dumps([_plain(asdict(event)) for event in events], indent=2))
    else:
        click.echo(as_table(events) if style == "table" else as_mermaid(saga, id_, events))


@command.command("retry")
@click.argument("app_and_id", nargs=-1)
@click.option("--saga", "name", help="The saga, where the service has several.")
def retry(app_and_id: tuple[str, ...], name: str | None) -> None:
    """Send at once what an instance waits to send again: APP ID."""
    service, rest = split_target(app_and_id)
    saga, id_ = _one(service, name, rest)
    asyncio.run(_change(service, saga, id_, control.retry))
    click.echo(f"{saga.name} {id_} goes on at once, where its timers run")


@command.command("abandon")
@click.argument("app_and_id", nargs=-1)
@click.option("--saga", "name", help="The saga, where the service has several.")
@click.option("--why", help="Kept in the history.")
@click.confirmation_option(prompt="Nothing of it will be undone. Abandon it?")
def abandon(app_and_id: tuple[str, ...], name: str | None, why: str | None) -> None:
    """Give an instance up, for what a person has put right by hand: APP ID."""
    service, rest = split_target(app_and_id)
    saga, id_ = _one(service, name, rest)
    asyncio.run(_change(service, saga, id_, lambda store, saga, id_: control.abandon(store, saga, id_, why)))
    click.echo(f"{saga.name} {id_} is abandoned")


def _one(app: App[object], name: str | None, rest: Sequence[str]) -> tuple[AnySaga, str]:
    sagas = _sagas(app, name)
    if len(rest) != 1:
        raise click.UsageError("say the id of one instance, as `eda saga list` shows it")
    if len(sagas) != 1:
        raise click.UsageError(f"say which with --saga: {', '.join(saga.name for saga in sagas)}")
    return sagas[0], rest[0]


def _sagas(app: App[object], name: str | None) -> Sequence[AnySaga]:
    if not app.sagas:
        where = "; those on Temporal are shown by `temporal workflow list`" if app.workers else ""
        raise click.UsageError(f"{app.service} keeps no sagas in its database{where}")
    found = [saga for saga in app.sagas if name is None or saga.name == name]
    if name is not None and not found:
        known = ", ".join(saga.name for saga in app.sagas)
        raise click.UsageError(f"{app.service} has no saga {name}: there are {known}")
    return found


async def _find(app: App[object], name: str | None, status: str | None, stuck: bool, limit: int) -> Sequence[Line]:
    sagas = _sagas(app, name)
    async with opened(app) as service:
        return await control.find(service.store, sagas, status=status, stuck=stuck, limit=limit)


async def _history(app: App[object], saga: str, id_: str) -> Sequence[Event]:
    async with opened(app) as service:
        return await control.history(service.store, saga, id_)


async def _change(app: App[object], saga: AnySaga, id_: str, change: Change) -> None:
    async with opened(app) as service:
        await change(service.store, saga.name, id_)


def _plain(found: dict[str, object]) -> dict[str, object]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in found.items()}
