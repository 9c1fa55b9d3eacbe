"""`eda-gen diagram`, and the target `diagrams`, as a user meets them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eda_gen.cli import cli
from eda_gen.cli.status import Status

SHOP = ("orders.yaml", "inventory.yaml", "payments.yaml", "shipping.yaml")


@pytest.fixture(autouse=True)
def in_the_shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(Path("specs/shop"), tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


def times(folder: Path) -> dict[str, int]:
    return {path.relative_to(folder).as_posix(): path.stat().st_mtime_ns for path in folder.rglob("*.m*d")}


def test_a_name_prints_that_diagram_and_nothing_else() -> None:
    ran = run("diagram", "FulfilOrder.states", *SHOP)

    assert (ran.return_value, ran.stderr) == (Status.FINE, "")
    assert ran.stdout.startswith("stateDiagram-v2\n")


def test_the_beginning_of_a_name_is_enough() -> None:
    assert run("diagram", "FulfilOrder", *SHOP).stdout == run("diagram", "FulfilOrder.completes", *SHOP).stdout
    assert run("diagram", "orders", *SHOP).stdout.startswith("flowchart LR\n")
    assert run("diagram", "workspace", *SHOP).stdout.startswith("flowchart LR\n")


def test_without_a_name_the_names_are_listed() -> None:
    ran = run("diagram", *SHOP)

    assert ran.return_value == Status.FINE
    assert "FulfilOrder.completes " in ran.stdout
    assert "orders.topology " in ran.stdout


def test_an_unknown_name_is_a_wrong_call_that_lists_the_names() -> None:
    ran = run("diagram", "FulfillOrder", *SHOP)

    assert (ran.return_value, ran.stdout) == (Status.BAD_INPUT, "")
    assert ran.stderr.startswith("there is no diagram `FulfillOrder`; there are:\n")
    assert "FulfilOrder.completes" in ran.stderr


def test_generating_again_after_a_change_writes_what_changed_and_no_more() -> None:
    run("generate", *SHOP, "--out", "out", "--target", "diagrams")
    before = times(Path("out"))
    spec = Path("shipping.yaml")
    spec.write_text(spec.read_text().replace("title: Shipment dispatched", "title: Parcel sent"))
    run("generate", *SHOP, "--out", "out", "--target", "diagrams")
    same = times(Path("out"))
    spec.write_text(spec.read_text().replace("logistics.shipments", "logistics.parcels"))

    run("generate", *SHOP, "--out", "out", "--target", "diagrams")

    after = times(Path("out"))
    assert same == before
    touched = {path for path, time in after.items() if before.get(path) != time}
    assert "shipping-diagrams/shipping.topology.mmd" in touched
    assert "orders-diagrams/FulfilOrder.completes.mmd" in touched
    assert "orders-diagrams/FulfilOrder.states.mmd" not in touched
    assert "orders-diagrams/FulfilOrder.reserveStock-fails.mmd" not in touched
    assert "payments-diagrams/payments.topology.mmd" not in touched
