"""How long `eda-gen breaking` takes over 1,000 messages, and where the time goes.

    python benchmarks/breaking.py [MESSAGES]

Writes a repository of specs, compares it with its commit, changes a few specs, and compares again: as a user does, by
the command, and then step by step in this process.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from eda_gen.cli.against import current_state, open_against
from eda_gen.cli.states import read_current, read_earlier, read_state
from eda_gen.compat import ContentModel, compare, locator
from eda_gen.config import Config, find_config, load_config

T = TypeVar("T")

PER_SERVICE = 20
CHANGED = 5
"""Services of which one message changes."""


def main() -> None:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_repository(Path(folder), messages // PER_SERVICE)
        print(f"{messages:,} messages in {messages // PER_SERVICE} specs")
        timed("the command, nothing changed", lambda: run_command(0, "no breaking change"))
        change_specs(Path(folder), messages // PER_SERVICE)
        told = f"{CHANGED} breaking changes"
        timed(f"the command, {CHANGED} specs changed", lambda: run_command(1, told))
        measure_steps()


def write_repository(folder: Path, services: int) -> None:
    (folder / "eda-gen.toml").write_text('specs = ["specs/*.yaml"]\n')
    (folder / "specs").mkdir()
    for number in range(services):
        (folder / "specs" / f"service{number}.yaml").write_text(spec(number))
    for command in ("init -q", "add .", "-c user.name=b -c user.email=b@example.com commit -q -m first"):
        subprocess.run(["git", *command.split()], check=True)


def change_specs(folder: Path, services: int) -> None:
    for number in range(min(CHANGED, services)):
        path = folder / "specs" / f"service{number}.yaml"
        path.write_text(path.read_text().replace("maxLength: 40", "maxLength: 30", 1))


def spec(number: int) -> str:
    names = [f"Thing{number}Done{index}" for index in range(PER_SERVICE)]
    channel = "".join(f"      {name}: {{$ref: '#/components/messages/{name}'}}\n" for name in names)
    messages = "".join(
        f"    {name}:\n      payload: {{$ref: '#/components/schemas/{name}'}}\n"
        f"      x-eda: {{kind: event, version: 1, key: $message.payload#/id}}\n"
        for name in names
    )
    return (
        f"asyncapi: 3.1.0\ninfo: {{title: Service {number}, version: 1.0.0}}\n"
        f"channels:\n  things:\n    address: things.{number}\n    messages:\n{channel}"
        f"operations:\n  publish:\n    action: send\n    channel: {{$ref: '#/channels/things'}}\n"
        f"components:\n  messages:\n{messages}  schemas:\n{''.join(map(schema, names))}"
    )


def schema(name: str) -> str:
    fields = "".join(f"        field{index}: {{type: string, maxLength: 40}}\n" for index in range(8))
    lines = "        lines:\n          type: array\n          items: {type: object, properties: {sku: {type: string}, count: {type: integer}}}\n"
    return f"    {name}:\n      type: object\n      required: [id]\n      properties:\n        id: {{type: string}}\n{fields}{lines}"


def run_command(status: int, told: str) -> None:
    ran = subprocess.run(
        [str(Path(sys.executable).with_name("eda-gen")), "breaking", "--against", "git:HEAD"],
        capture_output=True,
        text=True,
    )
    assert ran.returncode == status, ran.stderr
    assert told in ran.stdout, ran.stdout


def measure_steps() -> None:
    config = load_config(find_config(Path.cwd())).value or Config()
    current = current_state((), config)
    now = timed("  read the specs on disk", lambda: read_current(current))
    snapshot = timed("  find the specs in the commit", lambda: open_against("git:HEAD", current))
    timed("  (read all specs in the commit)", lambda: read_state(snapshot.files, snapshot.documents))
    old, new = timed("  read what changed in the commit", lambda: read_earlier(snapshot, now)), now.result
    assert old.value is not None
    assert new.value is not None
    catalogs, locate = (old.value, new.value), (locator(snapshot.files), locator(current.files))
    timed("  compare what changed", lambda: compare(*catalogs, locate))
    timed("  compare, with versions", lambda: compare(*catalogs, locate, versions=True))
    timed("  compare as written", lambda: compare(*catalogs, locate, ContentModel.AS_WRITTEN))


def timed(what: str, run: Callable[[], T]) -> T:
    """Prints how long it took, and how long a processor was busy with it, which a loaded machine does not change."""
    started, busy = time.perf_counter(), busy_seconds()
    result = run()
    print(f"{what:40} {time.perf_counter() - started:7.3f} s   {busy_seconds() - busy:7.3f} s of processor time")
    return result


def busy_seconds() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main()
