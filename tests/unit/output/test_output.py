"""Files reach the disk only where they changed, all or none, and never over somebody's own edits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eda_gen.output import Plan, plan_package, write_plans

FILES = {"a.py": "x = 1\n", "events/b.py": "y = 'two'\n"}


def plan(folder: Path, files: dict[str, str] = FILES, *, force: bool = False, **scaffolds: str) -> Plan:
    named = {f"{name}.py": text for name, text in scaffolds.items()}
    return plan_package(folder, files, named, spec="spec.yaml", digest="d", force=force)


def written(folder: Path, files: dict[str, str] = FILES) -> None:
    write_plans([plan(folder, files)])


def test_python_is_formatted_by_black(tmp_path: Path) -> None:
    written(tmp_path)

    assert (tmp_path / "events" / "b.py").read_text() == 'y = "two"\n'


def test_the_manifest_holds_every_file_but_itself(tmp_path: Path) -> None:
    written(tmp_path)

    manifest = json.loads((tmp_path / "_manifest.json").read_text())
    assert list(manifest["files"]) == ["a.py", "events/b.py"]
    assert manifest["spec"] == "spec.yaml"


def test_nothing_to_do_is_an_empty_plan(tmp_path: Path) -> None:
    written(tmp_path)

    assert plan(tmp_path).changes == ()


def test_a_file_that_did_not_change_keeps_its_time(tmp_path: Path) -> None:
    written(tmp_path)
    before = (tmp_path / "a.py").stat().st_mtime_ns

    written(tmp_path, {**FILES, "events/b.py": "y = 3\n"})

    assert (tmp_path / "a.py").stat().st_mtime_ns == before
    assert (tmp_path / "events" / "b.py").read_text() == "y = 3\n"


def test_a_file_no_longer_generated_goes_with_its_empty_folder(tmp_path: Path) -> None:
    written(tmp_path)

    written(tmp_path, {"a.py": "x = 1\n"})

    assert not (tmp_path / "events").exists()


def test_an_edit_by_hand_is_told_with_its_line_and_kept(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "a.py").write_text("x = 1\nmine = True\n")

    found = plan(tmp_path, {**FILES, "a.py": "x = 2\n"})

    problem = found.problems[0]
    assert (problem.code, problem.span.path, problem.span.line) == ("EDA090", str(tmp_path / "a.py"), 1)
    assert "--force" in (problem.help or "")


def test_an_edited_file_no_longer_generated_is_not_removed_without_force(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "events" / "b.py").write_text("mine = True\n")

    assert [problem.code for problem in plan(tmp_path, {"a.py": "x = 1\n"}).problems] == ["EDA090"]


def test_a_file_that_was_not_generated_is_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("mine = True\n")

    assert "was not generated" in plan(tmp_path).problems[0].message


def test_force_writes_anew_and_keeps_each_edit_beside(tmp_path: Path) -> None:
    for mine in ("first", "second"):
        written(tmp_path, {"a.py": "x = 1\n"})
        (tmp_path / "a.py").write_text(f"{mine} = True\n")
        write_plans([plan(tmp_path, {"a.py": "x = 1\n"}, force=True)])

    assert (tmp_path / "a.py").read_text() == "x = 1\n"
    assert (tmp_path / "a.py.orig").read_text() == "first = True\n"
    assert (tmp_path / "a.py.orig1").read_text() == "second = True\n"


def test_line_ends_that_a_checkout_changed_are_no_edit(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "a.py").write_bytes(b"x = 1\r\n")

    found = plan(tmp_path)

    assert (found.changes, found.problems) == ((), ())


def test_a_scaffold_is_written_once(tmp_path: Path) -> None:
    write_plans([plan(tmp_path, handlers="first = 1\n")])

    write_plans([plan(tmp_path, handlers="second = 2\n")])

    assert (tmp_path / "handlers.py").read_text() == "first = 1\n"


def test_where_one_file_cannot_be_prepared_none_is_written(tmp_path: Path) -> None:
    blocked = plan_package(tmp_path / "blocked", {"sub/a.py": "x = 1\n"}, {}, spec="s", digest="d")
    (tmp_path / "blocked").write_text("a file where a folder should be")

    with pytest.raises(OSError, match="blocked"):
        write_plans([plan(tmp_path / "fine"), blocked])

    assert not any(path.is_file() for path in (tmp_path / "fine").rglob("*"))


def test_a_manifest_that_points_outside_removes_nothing_there(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("keep")
    record = {"sha256": "0", "source": "0"}
    (tmp_path / "package").mkdir()
    manifest = {"files": {"../precious.txt": record, "/etc/hostname": record}}
    (tmp_path / "package" / "_manifest.json").write_text(json.dumps(manifest))

    written(tmp_path / "package")

    assert (tmp_path / "precious.txt").read_text() == "keep"


@pytest.mark.parametrize("broken", ["", "{", "[]", '{"files": 3}', '{"files": {"a.py": 1}}'])
def test_a_broken_manifest_costs_no_file(tmp_path: Path, broken: str) -> None:
    written(tmp_path)
    (tmp_path / "_manifest.json").write_text(broken)
    (tmp_path / "a.py").write_text("mine = True\n")

    assert [problem.code for problem in plan(tmp_path).problems] == ["EDA090"]


def test_a_diff_is_unified_and_names_what_is_new(tmp_path: Path) -> None:
    written(tmp_path)

    changes = {
        change.path.name: change.diff() for change in plan(tmp_path, {"a.py": "x = 2\n", "c.py": "z = 1\n"}).changes
    }

    assert "-x = 1\n+x = 2\n" in changes["a.py"]
    assert changes["c.py"].startswith("--- /dev/null\n")
    assert "+++ /dev/null\n" in changes["b.py"]
