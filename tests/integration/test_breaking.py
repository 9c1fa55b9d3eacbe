"""`eda-gen breaking` on repositories in which each commit makes one change."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.integration.breaking.kinds import KINDS, Kind

from eda_gen.cli import main
from eda_gen.config import MODES

SPECS = Path(__file__).parent / "breaking"
CONFIG = 'specs = ["*.yaml"]\n'

Run = Callable[..., tuple[int, str]]


def git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


def commit(folder: Path, message: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)


@pytest.fixture(scope="module")
def first_commit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("first")
    for spec in SPECS.glob("*.yaml"):
        shutil.copy(spec, folder)
    (folder / "eda-gen.toml").write_text(CONFIG)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, "first")
    return folder


@pytest.fixture
def repository(first_commit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    shutil.copytree(first_commit, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def breaking(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command; its exit status and what it writes to stdout."""

    def run(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            main(["breaking", *arguments])
        code = ended.value.code
        assert isinstance(code, int)
        return code, capsys.readouterr().out

    return run


def replace(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text()
    assert old in text, old
    (folder / file).write_text(text.replace(old, new, 1))


def make(kind: Kind, folder: Path) -> None:
    for old, new in kind.edits:
        other = old.startswith("payments.yaml: ")
        replace(folder, "payments.yaml" if other else kind.file, old.removeprefix("payments.yaml: "), new)


def line_of(kind: Kind, folder: Path) -> int:
    text = (folder / kind.file).read_text()
    start = text.index(kind.after) + len(kind.after) if kind.after else 0
    return text.count("\n", 0, text.index(kind.at, start)) + 1


def found(written: str) -> list[Mapping[str, Any]]:
    changes = json.loads(written)["changes"]
    assert isinstance(changes, list)
    return changes


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_of_change_is_found_once_at_its_line_with_its_verdict_in_all_six_modes(
    kind: Kind, repository: Path, breaking: Run
) -> None:
    make(kind, repository)
    commit(repository, kind.name)
    expected_line = line_of(kind, repository)

    for mode in MODES:
        status, written = breaking(
            "--against", "git:HEAD~1", "--mode", mode, "--content-model", kind.content_model, "--format", "json"
        )

        base = mode.removesuffix("-transitive")
        breaks = kind.breaks == "full" or (kind.breaks != "" and base in ("full", kind.breaks))
        places = [
            (each["name"], each["new"]["path"], each["new"]["line"], each["fails"])
            for each in json.loads(written)["changes"]
        ]
        assert places == [(kind.rule, kind.file, expected_line, breaks)]
        assert status == (1 if breaks else 0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("content_model", ["tolerant", "as-written"])
def test_where_nothing_changed_nothing_is_found(mode: str, content_model: str, repository: Path, breaking: Run) -> None:
    commit(repository, "nothing")

    status, written = breaking(
        "--against", "git:HEAD~1", "--mode", mode, "--content-model", content_model, "--format", "json"
    )

    assert (status, found(written)) == (0, [])


def test_a_removed_spec_is_a_removed_service(repository: Path, breaking: Run) -> None:
    (repository / "audit.yaml").unlink()
    commit(repository, "no audit")

    _, written = breaking("--against", "git:HEAD~1", "--mode", "full", "--format", "json")

    removed = [each for each in found(written) if each["name"] == "service-removed"]
    assert [(each["subject"], each["breaks"]) for each in removed] == [
        ("audit", ["orders.CloseOrder", "orders.publishOrder"])
    ]


NEXT_VERSION = """    OrderClosed.v2:
      name: OrderClosed
      payload:
        type: object
        required: [orderId, reason]
        properties: {orderId: {type: string}, reason: {type: string}}
      x-eda: {kind: event, version: 2}
"""


def add_version(repository: Path, extra: str = "") -> None:
    replace(
        repository,
        "orders.yaml",
        "    OrderAudited.v1:\n",
        NEXT_VERSION.replace("version: 2}", f"version: 2{extra}}}") + "    OrderAudited.v1:\n",
    )
    channel = "      OrderAudited.v1: {$ref: '#/components/messages/OrderAudited.v1'}\n"
    replace(
        repository,
        "orders.yaml",
        channel,
        channel + "      OrderClosed.v2: {$ref: '#/components/messages/OrderClosed.v2'}\n",
    )
    commit(repository, "second version")


@pytest.mark.parametrize(
    ("mode", "breaks"),
    [
        ("full", []),
        ("backward-transitive", ["property-added"]),
        ("forward-transitive", []),
        ("full-transitive", ["property-added"]),
    ],
)
def test_an_added_version_is_held_against_the_ones_before_it_only_in_the_transitive_modes(
    mode: str, breaks: list[str], repository: Path, breaking: Run
) -> None:
    add_version(repository)

    status, written = breaking("--against", "git:HEAD~1", "--mode", mode, "--format", "json")

    assert [each["name"] for each in found(written) if each["fails"]] == breaks
    assert "data of version 1 needs an upcaster" in written
    assert status == (1 if breaks else 0)


def test_a_declared_upcast_makes_an_added_version_readable_backward(repository: Path, breaking: Run) -> None:
    add_version(repository, ", upcast: {from: 1, map: {reason: {default: unknown}}}")

    assert breaking("--against", "git:HEAD~1", "--mode", "backward-transitive")[0] == 0


def test_transitive_modes_go_through_the_history_behind_the_revision(repository: Path, breaking: Run) -> None:
    currency = "        currency:\n          type: string\n          enum: [EUR, USD]\n"
    replace(repository, "orders.yaml", currency, "")
    commit(repository, "drop currency")
    replace(repository, "orders.yaml", "        placedAt:\n", "        currency: {type: integer}\n        placedAt:\n")
    commit(repository, "take it again as a number")

    near, _ = breaking("--against", "git:HEAD~1", "--mode", "backward")
    far, written = breaking("--against", "git:HEAD~1", "--mode", "backward-transitive", "--format", "json")

    first = subprocess.run(["git", "rev-parse", "HEAD~2"], capture_output=True, text=True, check=True).stdout[:12]
    assert (near, far) == (0, 1)
    assert [(each["name"], each["against"]) for each in found(written) if each["fails"]] == [("type", first)]


def accept(repository: Path, expires: str) -> None:
    entry = f'[[compat.accept]]\nrule = "range"\nsubject = "OrderPlaced.*"\nreason = "nobody orders for nothing"\nexpires = {expires}\n'
    (repository / "eda-gen.toml").write_text(CONFIG + entry)


def test_an_accepted_break_is_shown_and_does_not_fail(repository: Path, breaking: Run) -> None:
    replace(repository, "orders.yaml", "minimum: 0", "minimum: 1")
    accept(repository, "2999-12-31")

    status, written = breaking("--against", "git:HEAD")

    assert status == 0
    assert "accepted until 2999-12-31: nobody orders for nothing" in written


def test_an_acceptance_that_has_expired_fails_and_says_so(repository: Path, breaking: Run) -> None:
    replace(repository, "orders.yaml", "minimum: 0", "minimum: 1")
    accept(repository, "2020-01-31")

    status, written = breaking("--against", "git:HEAD")

    assert status == 1
    assert "was accepted until 2020-01-31, which is over: nobody orders for nothing" in written


def test_an_acceptance_covers_its_rule_and_subject_only(repository: Path, breaking: Run) -> None:
    replace(repository, "orders.yaml", "minLength: 8", "minLength: 9")
    accept(repository, "2999-12-31")

    assert breaking("--against", "git:HEAD")[0] == 1


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('expires = "2999-12-31"', "`expires` is a date"),
        ("expires = 2999-12-31\nowner = 1", "there is no setting `owner`"),
    ],
)
def test_a_wrong_acceptance_is_told_at_its_line(
    line: str, told: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = f'[[compat.accept]]\nrule = "range"\nsubject = "*"\nreason = "why"\n{line}\n'
    (repository / "eda-gen.toml").write_text(CONFIG + entry)

    with pytest.raises(SystemExit) as ended:
        main(["breaking", "--against", "git:HEAD"])

    assert ended.value.code == 2
    assert told in capsys.readouterr().err


STATES = ["git:main", "git:HEAD", ".git#tag=v1", ".git#branch=main", "../saved", "../saved/orders.yaml"]


@pytest.mark.parametrize("against", STATES)
def test_an_earlier_state_is_a_revision_a_tag_a_branch_a_folder_or_a_file(
    against: str, repository: Path, breaking: Run
) -> None:
    git(repository, "tag", "v1")
    shutil.copytree(repository, repository.parent / "saved")
    replace(repository, "orders.yaml", "minimum: 0", "minimum: 1")

    status, written = breaking("orders.yaml", "payments.yaml", "--against", against, "--format", "json")

    assert status == 1
    assert [each["name"] for each in found(written) if each["fails"]] == ["range"]


@pytest.mark.parametrize("against", ["git:nope", ".git#tag=nope", "../nowhere", "git:--all", "ftp://somewhere"])
def test_a_state_that_is_not_there_is_a_wrong_call(against: str, repository: Path, breaking: Run) -> None:
    assert breaking("--against", against) == (2, "")


def test_an_earlier_state_that_cannot_be_read_is_told_with_its_own_lines(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(repository, "orders.yaml", "address: sales.orders", "address: [")
    commit(repository, "broken")
    replace(repository, "orders.yaml", "address: [", "address: sales.orders")

    with pytest.raises(SystemExit) as ended:
        main(["breaking", "--against", "git:HEAD"])

    written = capsys.readouterr().err
    assert ended.value.code == 2
    assert "git:HEAD cannot be read, and is not compared with" in written
    assert "HEAD:orders.yaml:" in written


def test_text_says_what_where_whom_and_what_to_do(repository: Path, breaking: Run) -> None:
    replace(repository, "orders.yaml", "sku: {type: string}", "sku: {type: integer}")

    status, written = breaking("--against", "git:HEAD")

    line = (repository / "orders.yaml").read_text().split("sku: {type: integer}")[0].count("\n") + 1
    assert status == 1
    assert written == (
        "OrderPlaced.v2, OrderClosed.v1\n"
        '  error[EDA415] Line.sku: `type` "string" became "integer"\n'
        f"    at orders.yaml:{line}:15, before at HEAD:orders.yaml:{line}:15\n"
        "    breaks new readers of old data: orders.CloseOrder, payments.onOrderClosed, payments.onOrderPlaced\n"
        "    help: keep this version as it is, and add the next version of the message beside it\n\n"
        "1 breaking change against git:HEAD (backward, tolerant)\n"
    )


def test_annotations_for_github_name_the_line(repository: Path, breaking: Run) -> None:
    replace(repository, "orders.yaml", "partitions: 12", "partitions: 13")

    _, written = breaking("--against", "git:HEAD", "--format", "github")

    assert written.startswith("::error file=orders.yaml,line=15,col=7,title=EDA472::orders: 12 partitions became 13;")


def test_sarif_holds_the_rule_the_line_and_the_pointer(repository: Path, breaking: Run) -> None:
    replace(repository, "orders.yaml", "partitions: 12", "partitions: 13")

    _, written = breaking("--against", "git:HEAD", "--format", "sarif")

    run = json.loads(written)["runs"][0]
    location = run["results"][0]["locations"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["EDA472"]
    assert location["physicalLocation"]["region"]["startLine"] == 15
    assert location["logicalLocations"] == [{"fullyQualifiedName": "orders.yaml#/channels/orders/x-eda/partitions"}]


def test_nothing_is_checked_out_and_the_working_tree_stays_as_it_is(repository: Path, breaking: Run) -> None:
    replace(repository, "orders.yaml", "partitions: 12", "partitions: 13")
    before = (repository / ".git" / "index").read_bytes(), sorted(repository.iterdir())

    breaking("--against", "git:HEAD")

    assert ((repository / ".git" / "index").read_bytes(), sorted(repository.iterdir())) == before


def test_specs_in_a_folder_of_the_repository_are_found_in_the_revision(
    repository: Path, breaking: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = repository / "services"
    folder.mkdir()
    for name in ("orders.yaml", "payments.yaml", "audit.yaml", "eda-gen.toml"):
        (repository / name).rename(folder / name)
    commit(repository, "move")
    monkeypatch.chdir(folder)
    replace(folder, "orders.yaml", "partitions: 12", "partitions: 13")

    _, written = breaking("--against", "git:HEAD", "--format", "json")

    assert [(each["old"]["path"], each["new"]["path"]) for each in found(written)] == [
        ("HEAD:services/orders.yaml", "orders.yaml")
    ]
