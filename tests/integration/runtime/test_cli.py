"""The command `eda`, as a person calls it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from tests.integration.runtime.support import POLICY, count, create_app, eventually, place, prepared, running

ROOT = Path(__file__).parents[3]
APP = "tests.integration.runtime.slow_service:app"


def eda(url: str, *arguments: str, app: str | None = APP) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EDA_")}
    environment |= {"EDA_DATABASE_URL": url} | ({"EDA_APP": app} if app else {})
    command = (str(Path(sys.executable).parent / "eda"), *arguments)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'eda.db'}"


async def with_dead_letter(url: str) -> int:
    """A database with a dead letter of key `bad` and one message behind it; returns the letter's number."""
    from tests.integration.runtime.slow_service import slowly

    async with running(create_app(url, slowly)) as app:
        await place(app, ("bad", 1))
        await place(app, ("bad", 2))
        await eventually(lambda: count(app, "eda_parked", "dead_at IS NOT NULL"), 1)
        await eventually(lambda: count(app, "eda_parked"), 2)
        await eventually(lambda: count(app, "eda_outbox"), 0)
        return int((await app.opened.store.fetch("SELECT position FROM eda_parked WHERE dead_at IS NOT NULL"))[0][0])


def test_help_lists_the_commands(file_url: str) -> None:
    result = eda(file_url, "--help")

    assert result.returncode == 0
    assert all(word in result.stdout for word in ("run", "provision", "status", "dlq", "outbox", "replay", "purge"))


def test_provision_says_first_what_it_would_do_and_then_does_it(url: str) -> None:
    planned = eda(url, "provision", "--dry-run")
    done = eda(url, "provision", APP, app=None)
    again = eda(url, "provision")

    assert (planned.returncode, done.returncode, again.returncode) == (0, 0, 0)
    assert "create    channel orders" in planned.stdout
    assert "create    channel orders" in done.stdout
    assert "exists    channel orders" in again.stdout


async def test_status_shows_what_waits(file_url: str) -> None:
    await with_dead_letter(file_url)

    text, data = eda(file_url, "status").stdout, json.loads(eda(file_url, "status", "--format", "json").stdout)

    assert "shop.onPlaced: lag 0 (0.0 s), 1 parked, 1 dead letter" in text
    assert "key bad: 2 messages, waits for a person: `eda dlq`" in text
    assert data["consumers"][0]["parked_keys"] == [{"key": "bad", "messages": 2, "attempts": 3, "dead": True}]


async def test_status_shows_the_outbox(file_url: str) -> None:
    async with prepared(create_app(file_url)) as app:
        await place(app, ("a", 1), ("a", 2))

    assert "outbox: 2 to send" in eda(file_url, "status").stdout


async def test_a_dead_letter_can_be_listed_shown_and_redriven(file_url: str) -> None:
    number = await with_dead_letter(file_url)

    listed = eda(file_url, "dlq", "list")
    shown = eda(file_url, "dlq", "show", str(number))
    redriven = eda(file_url, "dlq", "redrive", str(number))
    again = eda(file_url, "dlq", "redrive", str(number))

    assert f"{number}  shop.onPlaced  key bad  RuntimeError: bad, 1 waits behind it" in listed.stdout
    assert '"address": "orders"' in shown.stdout
    assert 'raise RuntimeError("bad")' in shown.stdout
    assert redriven.stdout == "1 dead letter will be tried again\n"
    assert f"there is no dead letter {number}" in again.stderr


@pytest.mark.parametrize("command", ["status", "dlq list", "outbox list"])
def test_looking_does_not_wait_for_who_holds_the_lock_of_the_file(file_url: str, command: str) -> None:
    eda(file_url, "provision")

    with closing(sqlite3.connect(file_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        result = eda(file_url, *command.split())

    assert result.returncode == 0
    assert time.monotonic() - began < 20


async def test_all_dead_letters_can_be_discarded(file_url: str) -> None:
    await with_dead_letter(file_url)

    assert eda(file_url, "dlq", "discard", "--all").stdout == "1 dead letter discarded\n"
    assert json.loads(eda(file_url, "dlq", "list", "--format", "json").stdout) == []


async def test_replay_passes_over_what_was_handled_and_reads_what_the_inbox_has_forgotten(file_url: str) -> None:
    async with running(create_app(file_url)) as app:
        await place(app, ("a", 1), ("b", 2))
        await eventually(lambda: count(app, "notes"), 2)
        async with app.opened.store.transaction() as transaction:
            await transaction.fetch("DELETE FROM eda_inbox WHERE dedupe IN (SELECT max(dedupe) FROM eda_inbox)")

    result = eda(file_url, "replay", "--group", POLICY.group, "--from", "2020-01-01")

    assert result.stdout.endswith(f"\n2 messages read again by {POLICY.group}\n")
    async with create_app(file_url) as app:
        assert await count(app, "notes") == 3


def test_purge_says_what_it_deleted(file_url: str) -> None:
    eda(file_url, "provision")

    assert eda(file_url, "purge").stdout == f"{POLICY.group}: 0 inbox entries and 0 dead letters deleted\n"


@pytest.mark.parametrize(
    ("arguments", "app", "complaint"),
    [
        (["status"], None, "name the app as module:attribute"),
        (["status"], "nowhere.at_all:app", "there is no module nowhere.at_all"),
        (["status"], "tests.integration.runtime.slow_service:nothing", "has no App called nothing"),
        (["dlq", "redrive"], APP, "say which"),
        (["dlq", "redrive", "seven"], APP, "seven is no number"),
        (["dlq", "redrive", "7"], APP, "there is no dead letter 7"),
        (["dlq", "redrive", "9" * 5000], APP, f"{'9' * 40} is no number"),
        (["dlq", "list", "--limit", "9" * 20], APP, "is not in the range"),
        (["dlq", "list", "--limit", "-1"], APP, "is not in the range"),
        (["dlq", "show", "7"], APP, "there is no dead letter 7"),
        (["dlq", "list", "--group", "other"], APP, "has no consumer group other"),
        (["replay", "--group", "other", "--from", "2020-01-01"], APP, "has no consumer group other"),
    ],
)
def test_a_wrong_call_is_told_in_one_message(
    file_url: str, arguments: list[str], app: str | None, complaint: str
) -> None:
    result = eda(file_url, *arguments, app=app)

    assert result.returncode == 2
    assert complaint in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [["run"], ["status"]])
def test_a_database_that_cannot_be_reached_is_told_without_its_password(command: list[str]) -> None:
    result = eda("postgresql://user:secret@127.0.0.1:1/shop", *command)

    assert result.returncode == 2
    assert "eda: the database postgresql://***@127.0.0.1:1/shop cannot be reached" in result.stderr
    assert "secret" not in result.stderr


def test_a_file_that_is_no_sqlite_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are notes, and no database\n")

    result = eda(f"sqlite:///{tmp_path / 'notes.txt'}", "status")

    assert result.returncode == 2
    assert "notes.txt cannot be used: file is not a database" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    "command",
    [
        "run",
        "status",
        "dlq list",
        "dlq redrive --all",
        "dlq show 1",
        "outbox list",
        "purge",
        "replay --group shop.onPlaced",
    ],
)
def test_a_postgresql_database_without_tables_is_told_what_to_do(postgresql_server: str, command: str) -> None:
    since = ("--from", "2020-01-01") if command.startswith("replay") else ()

    result = eda(postgresql_server, *command.split(), *since)

    assert result.returncode == 2
    assert "run `eda provision` first" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import broken_service.nothing\n", "broken_service.py:1: ModuleNotFoundError: No module named"),
        ("import not_installed_here\n", "broken_service imports not_installed_here, which is not installed"),
        ("\nfrom json import nothing\n", "broken_service.py:2: ImportError: cannot import name 'nothing'"),
        ("\n\nclass Handlers(\n", "broken_service.py:3: SyntaxError: '(' was never closed"),
        ("class H: ...\n\napp = H().on_order\n", "broken_service.py:3: AttributeError: 'H' object has no attribute"),
    ],
    ids=["gone", "not installed", "not there", "not Python", "no method"],
)
def test_an_import_that_fails_in_the_service_is_told_with_its_place(
    file_url: str, tmp_path: Path, source: str, complaint: str
) -> None:
    (tmp_path / "broken_service.py").write_text(source)
    command = (str(Path(sys.executable).parent / "eda"), "status", "broken_service:app")

    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert result.returncode == 2
    assert complaint in result.stderr
    assert "Traceback" not in result.stderr
