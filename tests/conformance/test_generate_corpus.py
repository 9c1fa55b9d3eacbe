"""Code is generated from documents that nobody here wrote, and a user's tools find nothing to say about it.

`EDA_CORPUS` says where they are, as for `test_asyncapi_corpus`. The tools run once, over all that was generated.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests import checkers

from eda_gen.cli import cli
from eda_gen.cli.status import Status

CORPUS = os.environ.get("EDA_CORPUS")
CONTRADICTED = {"asyncapi-2.0/Channel_Item_Object/valid-external-ref.yaml"}
"""Named valid, and not: test_asyncapi_corpus has the reasons."""

pytestmark = [
    pytest.mark.skipif(CORPUS is None, reason="left out: EDA_CORPUS does not say where the corpus is"),
    pytest.mark.xdist_group("generate-corpus"),
]

_GENERATE_ALL = """
import sys
from eda_gen.cli import cli
out, *documents = sys.argv[1:]
for number, document in enumerate(documents):
    cli.main(["generate", document, "--out", f"{out}/d{number}"], standalone_mode=False)
"""


@dataclass(frozen=True, slots=True)
class Generated:
    """The folder of all that was generated, a folder in it a document, and the documents."""

    folder: Path
    documents: tuple[Path, ...]
    statuses: dict[str, int]


def official() -> list[Path]:
    found = (Path(CORPUS or "").resolve() / "asyncapi" / "official").rglob("*.y*ml")
    return sorted(path for path in found if path.read_text("utf-8").startswith("asyncapi:"))


def kit(verdict: str) -> list[Path]:
    folder = Path(CORPUS or "").resolve() / "asyncapi" / "tck"
    found = sorted(folder.rglob(f"{verdict}*.y*ml"))
    return [path for path in found if path.relative_to(folder).as_posix() not in CONTRADICTED]


def generate(document: Path, out: Path) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["generate", str(document), "--out", str(out)], standalone_mode=False)
    assert result.exception is None, (document, result.exception)
    return result.return_value, result.output


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """Everything that is named valid, generated."""
    folder = tmp_path_factory.mktemp("corpus")
    documents = (*official(), *kit("valid"))
    statuses = {str(each): generate(each, folder / f"d{number}")[0] for number, each in enumerate(documents)}
    return Generated(folder, documents, statuses)


def test_every_document_named_valid_is_generated(generated: Generated) -> None:
    refused = [document for document, status in generated.statuses.items() if status != Status.FINE]

    assert len(official()) == 24
    assert refused == []


def test_every_document_named_invalid_gives_status_2_and_no_file(tmp_path: Path) -> None:
    outcomes = {str(each): generate(each, tmp_path / "out")[0] for each in kit("invalid")}

    assert [document for document, status in outcomes.items() if status != Status.BAD_INPUT] == []
    assert not (tmp_path / "out").exists()


def test_every_package_imports_without_a_warning(generated: Generated) -> None:
    assert checkers.import_everything(generated.folder) == ""


@pytest.mark.parametrize(
    "command", [checkers.BLACK, checkers.RUFF, checkers.MYPY, checkers.PYRIGHT], ids=lambda command: command[0]
)
def test_a_users_tools_find_nothing_to_say(generated: Generated, command: tuple[str, ...]) -> None:
    assert checkers.run_in(generated.folder, command) == ""


def test_a_second_run_changes_no_byte_and_no_time(generated: Generated) -> None:
    before = {path: path.stat().st_mtime_ns for path in generated.folder.rglob("*.py")}
    bytes_before = checkers.tree(generated.folder)

    for number, document in enumerate(generated.documents):
        generate(document, generated.folder / f"d{number}")

    assert checkers.tree(generated.folder) == bytes_before
    assert {path: path.stat().st_mtime_ns for path in generated.folder.rglob("*.py")} == before


def test_the_hash_seed_changes_nothing(generated: Generated, tmp_path: Path) -> None:
    for seed in ("1", "20261125"):
        command = [sys.executable, "-c", _GENERATE_ALL, str(tmp_path / seed), *map(str, generated.documents)]
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True)

    assert checkers.tree(tmp_path / "1") == checkers.tree(tmp_path / "20261125")
    assert checkers.tree(tmp_path / "1") == checkers.tree(generated.folder)
