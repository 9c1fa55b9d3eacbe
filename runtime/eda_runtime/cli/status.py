"""`eda status`: how a service is doing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict

import click

from eda_runtime.app import App
from eda_runtime.cli.target import opened, split_target
from eda_runtime.status import ConsumerStatus, Status, status_of
from eda_runtime.wording import counted

__all__ = ["command"]


@click.command("status")
@click.argument("app", nargs=-1)
@click.option("--format", "style", type=click.Choice(("text", "json")), default="text")
def command(app: tuple[str, ...], style: str) -> None:
    """Show the lag of consumers, the outbox, parked keys, dead letters and sagas."""
    service, _ = split_target(app)
    status = asyncio.run(_status(service))
    click.echo(json.dumps(asdict(status), indent=2) if style == "json" else "\n".join(_lines(status)))


async def _status(app: App[object]) -> Status:
    async with opened(app) as service:
        return await status_of(service, app.topology, app.subscriptions, app.sagas)


def _lines(status: Status) -> Iterator[str]:
    outbox = status.outbox
    yield f"{status.service}"
    yield f"  outbox: {outbox.messages} to send, the oldest {outbox.age:.1f} s old, {outbox.refused} refused"
    for problem in outbox.problems:
        yield f"    refused: {problem}"
    for consumer in status.consumers:
        yield from _consumer(consumer)
    for saga in status.sagas:
        stuck = f", {saga.stuck} with a problem: `eda saga list --stuck`" if saga.stuck else ""
        yield f"  {saga.saga}: {saga.running} under way{stuck}"


def _consumer(consumer: ConsumerStatus) -> Iterator[str]:
    held = f", {consumer.held_back} held back until their turn" if consumer.held_back else ""
    yield (
        f"  {consumer.group}: lag {consumer.lag} ({consumer.lag_age:.1f} s), {consumer.parked} parked, "
        f"{counted(consumer.dead_letters, 'dead letter')}{held}"
    )
    for key in consumer.parked_keys:
        waits = "waits for a person: `eda dlq`" if key.dead else f"after {counted(key.attempts, 'attempt')}"
        yield f"    key {key.key}: {counted(key.messages, 'message')}, {waits}"
