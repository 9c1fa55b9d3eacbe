"""`eda dlq`: the dead letters of a service's consumers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict

import click

from eda_runtime.app import App
from eda_runtime.cli.target import opened, split_target
from eda_runtime.consumer import dead_letters
from eda_runtime.consumer.dead_letters import DeadLetter
from eda_runtime.stores import Store
from eda_runtime.wording import counted

__all__ = ["command"]

Settle = Callable[[Store, Sequence[str], Sequence[int]], Awaitable[int]]
ALL = 1_000_000
MOST_DIGITS = 18
"""A database counts no further."""
MOST_SHOWN = 40


@click.group("dlq")
def command() -> None:
    """Look at dead letters, let their consumer try them again, or discard them."""


@command.command("list")
@click.argument("app", nargs=-1)
@click.option("--group", help="Only of this consumer group.")
@click.option("--limit", type=click.IntRange(1, ALL), default=100, show_default=True)
@click.option("--format", "style", type=click.Choice(("text", "json")), default="text")
def list_(app: tuple[str, ...], group: str | None, limit: int, style: str) -> None:
    """List dead letters, oldest first."""
    service, _ = split_target(app)
    letters = asyncio.run(_find(service, group, limit))
    if style == "json":
        click.echo(json.dumps([_plain(letter) for letter in letters], indent=2))
        return
    if not letters:
        click.echo("no dead letters", err=True)
    for letter in letters:
        waiting = (
            f", {letter.followers} {'waits' if letter.followers == 1 else 'wait'} behind it" if letter.followers else ""
        )
        click.echo(f"{letter.number}  {letter.consumer}  key {letter.key}  {letter.reason.splitlines()[0]}{waiting}")


@command.command("show")
@click.argument("app_and_number", nargs=-1)
def show(app_and_number: tuple[str, ...]) -> None:
    """Show one dead letter: APP NUMBER."""
    service, rest = split_target(app_and_number)
    numbers = _numbers(rest)
    if len(numbers) != 1:
        raise click.UsageError("say the number of one dead letter, as `eda dlq list` shows it")
    found = [letter for letter in asyncio.run(_find(service, None, ALL)) if letter.number in numbers]
    _all_found(numbers, found)
    click.echo(json.dumps(_plain(found[0]), indent=2))
    click.echo(found[0].stack or "", nl=False)


@command.command("redrive")
@click.argument("app_and_numbers", nargs=-1)
@click.option("--group", help="Only of this consumer group.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
def redrive(app_and_numbers: tuple[str, ...], group: str | None, everything: bool) -> None:
    """Let the consumer try dead letters again, before what follows them: APP NUMBERS…"""
    _settle(app_and_numbers, group, everything, dead_letters.redrive, "will be tried again")


@command.command("discard")
@click.argument("app_and_numbers", nargs=-1)
@click.option("--group", help="Only of this consumer group.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
def discard(app_and_numbers: tuple[str, ...], group: str | None, everything: bool) -> None:
    """Delete dead letters, and let go on what waits behind them: APP NUMBERS…"""
    _settle(app_and_numbers, group, everything, dead_letters.discard, "discarded")


def _settle(arguments: tuple[str, ...], group: str | None, everything: bool, settle: Settle, done: str) -> None:
    service, rest = split_target(arguments)
    if everything == bool(rest):
        raise click.UsageError("say which: numbers as `eda dlq list` shows them, or --all")
    count = asyncio.run(_settle_in(service, group, _numbers(rest) if rest else None, settle))
    click.echo(f"{counted(count, 'dead letter')} {done}")


async def _settle_in(app: App[object], group: str | None, numbers: Sequence[int] | None, settle: Settle) -> int:
    async with opened(app) as service:
        store, groups = service.store, _groups(app, group)
        letters = await dead_letters.find(store, groups, ALL)
        if numbers is None:
            return await settle(store, groups, [letter.number for letter in letters])
        _all_found(numbers, letters)
        return await settle(store, groups, numbers)


def _all_found(numbers: Sequence[int], letters: Sequence[DeadLetter]) -> None:
    if missing := sorted(set(numbers) - {letter.number for letter in letters}):
        raise click.UsageError(f"there is no dead letter {', '.join(map(str, missing))}: see `eda dlq list`")


async def _find(app: App[object], group: str | None, limit: int) -> Sequence[DeadLetter]:
    async with opened(app) as service:
        return await dead_letters.find(service.store, _groups(app, group), limit)


def _groups(app: App[object], group: str | None) -> Sequence[str]:
    known = [subscription.policy.group for subscription in app.subscriptions]
    if group is not None and group not in known:
        raise click.UsageError(f"{app.service} has no consumer group {group}: there are {', '.join(known)}")
    return known if group is None else [group]


def _numbers(words: Sequence[str]) -> Sequence[int]:
    if wrong := [word for word in words if not word.isdecimal() or len(word) > MOST_DIGITS]:
        raise click.UsageError(f"{wrong[0][:MOST_SHOWN]} is no number of a dead letter")
    return [int(word) for word in words]


def _plain(letter: DeadLetter) -> dict[str, object]:
    plain = asdict(letter) | {"body": letter.body.decode(errors="backslashreplace")}
    times = {"first_failed_at": letter.first_failed_at.isoformat(), "last_failed_at": letter.last_failed_at.isoformat()}
    return {name: value for name, value in (plain | times).items() if name != "stack"}
