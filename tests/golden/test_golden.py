"""A case is a folder: `specs/` go in, the tree in `expected/` comes out. A file `arguments` holds further ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from eda_gen.cli import cli

CASES = sorted(path.parent for path in Path(__file__).parent.glob("*/specs"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_specs_of_a_case_give_its_expected_tree(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    shutil.copytree(case / "specs", tmp_path / "specs")
    monkeypatch.chdir(tmp_path)

    arguments = ["generate", *documents(tmp_path), "--out", "out", *further_arguments(case)]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)

    assert result.return_value == 0, result.output
    if pytestconfig.getoption("update", default=False):
        shutil.rmtree(case / "expected", ignore_errors=True)
        shutil.copytree(tmp_path / "out", case / "expected")
    assert tree(tmp_path / "out") == tree(case / "expected")


def further_arguments(case: Path) -> list[str]:
    file = case / "arguments"
    return file.read_text("utf-8").split() if file.is_file() else []


def documents(folder: Path) -> list[str]:
    """The AsyncAPI documents among the specs; what they refer to is read with them."""
    found = sorted((folder / "specs").glob("*.yaml"))
    return [path.relative_to(folder).as_posix() for path in found if path.read_text("utf-8").startswith("asyncapi:")]


def tree(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in sorted(files)}
