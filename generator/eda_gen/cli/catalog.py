"""`eda-gen catalog`: the messages of a workspace."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from eda_gen.cli.report import print_diagnostics
from eda_gen.cli.status import Status

if TYPE_CHECKING:
    from eda_gen.inventory import Entry

_COLUMNS: Final = ("message", "kind", "owner", "producers", "consumers", "address", "promises", "deprecated")


@click.command()
@click.argument("specs", nargs=-1, type=click.Path(path_type=Path), metavar="[SPEC]...")
@click.option("--deprecated", is_flag=True, help="Only what is deprecated: its producers and consumers have to move.")
@click.option("--format", type=click.Choice(("table", "json", "csv")), default="table", show_default=True)
def catalog(specs: tuple[Path, ...], deprecated: bool, format: str) -> int:
    """List the messages of a workspace: what each is, whose it is, who sends and who receives it, what is promised.

    Without SPEC, the specs are those that the configuration names.
    """
    from eda_gen.config import find_config, load_config
    from eda_gen.inventory import inventory
    from eda_gen.passes import compile_workspace

    result = load_config(find_config(Path.cwd())).then(lambda config: compile_workspace(specs, config))
    print_diagnostics(result.diagnostics)
    if not result.ok or result.value is None:
        return Status.BAD_INPUT
    entries = [each for each in inventory(result.value) if each.deprecated_since or not deprecated]
    click.echo(_FORMATS[format](entries), nl=False)
    return Status.FINE


def _table(entries: Sequence[Entry]) -> str:
    rows = [_COLUMNS, *(_row(each) for each in entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows
    )


def _row(entry: Entry) -> tuple[str, ...]:
    return tuple(
        text.replace("\n", " ") or "-"
        for text in (
            f"{entry.message}.v{entry.version}",
            entry.kind,
            entry.owner or "",
            ", ".join(entry.producers),
            ", ".join(entry.consumers),
            ", ".join(entry.addresses),
            _promises(entry),
            _deprecation(entry),
        )
    )


def _promises(entry: Entry) -> str:
    """`2 s, 99.9 %`: latency, availability, freshness."""
    promise = entry.promise
    return ", ".join(
        text.format(value)
        for text, value in (
            ("within {:g} s", promise.latency),
            ("{:g} %", promise.availability),
            ("fresh for {:g} s", promise.freshness),
        )
        if value is not None
    )


def _deprecation(entry: Entry) -> str:
    if entry.deprecated_since is None:
        return ""
    until = f" until {entry.sunset}" if entry.sunset else ""
    instead = f", use {entry.use}" if entry.use else ""
    return f"since {entry.deprecated_since}{until}{instead}"


def _json(entries: Sequence[Entry]) -> str:
    return json.dumps([dataclasses.asdict(each) for each in entries], indent=2, default=str, ensure_ascii=False) + "\n"


def _csv(entries: Sequence[Entry]) -> str:
    """A line a message, lists joined by blanks; the columns of `json`, promises unfolded."""
    from eda_gen.inventory import Entry, Promise

    promises = [field.name for field in dataclasses.fields(Promise)]
    plain = [field.name for field in dataclasses.fields(Entry) if field.name != "promise"]
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow([*plain, *promises])
    for each in entries:
        values = [*(getattr(each, name) for name in plain), *(getattr(each.promise, name) for name in promises)]
        lines.writerow([_cell(value) for value in values])
    return written.getvalue()


def _cell(value: object) -> str:
    """Text that a spreadsheet would take for a formula is led by an apostrophe."""
    text = " ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


_FORMATS: Final[dict[str, Callable[[Sequence[Entry]], str]]] = {"table": _table, "json": _json, "csv": _csv}
