"""What is the same in two states is read once, and nothing is missed by that."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from eda_gen.cli.against import Current, Snapshot
from eda_gen.cli.states import read_current, read_earlier, read_state
from eda_gen.compat import Change, compare, locator
from eda_gen.model import Catalog
from eda_gen.source import DiskFiles

SPECS = Path(__file__).parents[2] / "integration" / "breaking"
DOCUMENTS = ("audit.yaml", "orders.yaml", "payments.yaml")


@pytest.fixture
def states(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
        for name in DOCUMENTS:
            shutil.copy(SPECS / name, folder)
    return old, new


def current(folder: Path) -> Current:
    return Current(folder, DiskFiles(folder, folder), DOCUMENTS, ("*.yaml",))


def snapshot(folder: Path) -> Snapshot:
    return Snapshot("old", DiskFiles(folder, folder), DOCUMENTS, no_history)


def no_history() -> Iterator[Snapshot]:
    return iter(())


def catalogs(old: Path, new: Path) -> tuple[Catalog, Catalog, Catalog]:
    now = read_current(current(new))
    joined, whole = read_earlier(snapshot(old), now).value, read_state(snapshot(old).files, DOCUMENTS).value
    assert joined is not None
    assert whole is not None
    assert now.result.value is not None
    return joined, whole, now.result.value


def changes(one: Catalog, other: Catalog, folder: Path) -> list[tuple[str, str, str]]:
    locate = locator(DiskFiles(folder, folder))
    found: tuple[Change, ...] = compare(one, other, (locate, locate), versions=True)
    return [(each.difference.rule.name, each.subject, each.difference.message) for each in found]


@pytest.mark.parametrize("file", DOCUMENTS)
def test_a_state_read_in_part_is_the_state_read_whole(file: str, states: tuple[Path, Path]) -> None:
    old, new = states
    text = (new / file).read_text()
    (new / file).write_text(
        text.replace("version: 1.0.0", "version: 1.0.1", 1).replace("partitions: 12", "partitions: 6")
    )

    joined, whole, now = catalogs(old, new)

    assert changes(joined, whole, old) == []
    assert changes(joined, now, new) == changes(whole, now, new)
    assert joined.messages.keys() == whole.messages.keys()
    assert joined.channels.keys() == whole.channels.keys()
    assert {each.name for each in joined.services} == {each.name for each in whole.services}


def test_a_document_that_refers_to_a_changed_one_is_read_too(states: tuple[Path, Path]) -> None:
    old, new = states
    (new / "orders.yaml").write_text(
        (new / "orders.yaml").read_text().replace("sku: {type: string}", "sku: {type: integer}")
    )

    joined, _, now = catalogs(old, new)

    assert [name for name, _, _ in changes(joined, now, new)] == ["type"]


def test_a_document_that_nothing_changed_for_is_taken_from_the_current_state(states: tuple[Path, Path]) -> None:
    old, new = states
    (new / "audit.yaml").write_text((new / "audit.yaml").read_text().replace("1.0.0", "1.0.1"))

    joined, _, now = catalogs(old, new)

    payments = {each.name: each for each in now.services}["payments"]
    assert any(each is payments for each in joined.services)
