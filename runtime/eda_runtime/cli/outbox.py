"""`eda outbox`: the messages of the outbox that the broker will not take."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from eda_runtime import relay
from eda_runtime.app import App
from eda_runtime.cli.target import opened, split_target
from eda_runtime.wording import counted

__all__ = ["command"]


@click.group("outbox")
def command() -> None:
    """Settle messages that cannot be sent, and for which later ones of their key wait."""


@command.command("list")
@click.argument("app", nargs=-1)
def list_(app: tuple[str, ...]) -> None:
    """List the messages that the broker refused."""
    service, _ = split_target(app)
    for refused in asyncio.run(_find(service)):
        click.echo(f"{refused.position}  {refused.address}  key {refused.key}  {refused.problem}")


@command.command("retry")
@click.argument("app", nargs=-1)
def retry(app: tuple[str, ...]) -> None:
    """Send refused messages again, once the broker takes them."""
    service, _ = split_target(app)
    click.echo(f"{counted(asyncio.run(_settle(service, discard=False)), 'message')} will be sent again")


@command.command("discard")
@click.argument("app", nargs=-1)
def discard(app: tuple[str, ...]) -> None:
    """Delete refused messages, and let go on what waits behind them."""
    service, _ = split_target(app)
    click.echo(f"{counted(asyncio.run(_settle(service, discard=True)), 'message')} discarded")


async def _find(app: App[object]) -> Sequence[relay.Refused]:
    async with opened(app) as service:
        return await relay.refused(service.store)


async def _settle(app: App[object], *, discard: bool) -> int:
    async with opened(app) as service:
        return await (relay.discard_refused if discard else relay.retry_refused)(service.store)
