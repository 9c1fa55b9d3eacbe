"""Files come from one folder, which references may not leave."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_gen.source import DiskFiles, NotReadable, workspace_root
from eda_gen.source.limits import MAX_BYTES


def test_a_file_is_shown_relative_to_where_the_user_stands(tmp_path: Path) -> None:
    files = DiskFiles(tmp_path, tmp_path / "specs")

    assert files.shown("specs/a.yaml") == "a.yaml"
    assert files.shown("other/a.yaml") == str(tmp_path / "other/a.yaml")


def test_a_symbolic_link_that_leaves_the_workspace_is_not_followed(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (tmp_path / "secret.yaml").write_text("secret: 1")
    (workspace / "link.yaml").symlink_to(tmp_path / "secret.yaml")

    with pytest.raises(NotReadable) as refused:
        DiskFiles(workspace, workspace).read("link.yaml")

    assert refused.value.code == "EDA012"


def test_a_symbolic_link_inside_of_the_workspace_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "a.yaml")

    assert DiskFiles(tmp_path, tmp_path).read("link.yaml") == b"a: 1"


@pytest.mark.parametrize("name", ["nothing.yaml", "folder", "a.yaml/b.yaml", "round.yaml", "x" * 5000])
def test_what_cannot_be_read_is_refused_in_words(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.yaml").write_text("a: 1")
    (tmp_path / "round.yaml").symlink_to(tmp_path / "round.yaml")

    with pytest.raises(NotReadable):
        DiskFiles(tmp_path, tmp_path).read(name)


def test_a_huge_file_is_refused_with_the_limit(tmp_path: Path) -> None:
    with (tmp_path / "huge.yaml").open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)

    with pytest.raises(NotReadable, match="16 MiB"):
        DiskFiles(tmp_path, tmp_path).read("huge.yaml")


def test_the_workspace_is_the_configurations_folder(tmp_path: Path) -> None:
    spec = tmp_path / "project" / "specs" / "a.yaml"

    assert workspace_root((spec,), Path("/elsewhere"), tmp_path / "project" / "eda-gen.toml") == tmp_path / "project"


def test_the_workspace_is_the_repository_around_the_documents(tmp_path: Path) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    spec = tmp_path / "repository" / "specs" / "a.yaml"

    assert workspace_root((spec,), tmp_path, None) == tmp_path / "repository"


def test_without_a_repository_the_workspace_is_the_current_folder(tmp_path: Path) -> None:
    assert workspace_root((tmp_path / "specs" / "deep" / "a.yaml",), tmp_path, None) == tmp_path


def test_elsewhere_the_workspace_is_the_folder_above_the_documents(tmp_path: Path) -> None:
    specs = (tmp_path / "backend" / "a.yaml", tmp_path / "frontend" / "b.yaml")

    assert workspace_root(specs[:1], Path("/elsewhere"), None) == tmp_path
    assert workspace_root(specs, Path("/"), None) == tmp_path.parent
