"""The configuration is one frozen value, or diagnostics with a place."""

from __future__ import annotations

from pathlib import Path

import pytest

from eda_gen.config import CompatConfig, Config, LintConfig, Output, find_config, load_config

FULL = """
specs = ["specs/*.yaml"]
lint = {select = ["EDA5"], ignore = ["EDA501"]}
compat = {mode = "full-transitive", against = "git:main"}

[[output]]
service = "orders"
targets = ["python", "docs"]
path = "src/orders"

[[output]]
path = "src"
"""


def test_a_file_of_our_own_is_read(tmp_path: Path) -> None:
    file = tmp_path / "eda-gen.toml"
    file.write_text(FULL)

    assert load_config(file).value == Config(
        file=file,
        specs=("specs/*.yaml",),
        outputs=(Output("src/orders", "orders", ("python", "docs")), Output("src")),
        lint=LintConfig(("EDA5",), ("EDA501",)),
        compat=CompatConfig("full-transitive", "git:main"),
    )


def test_a_table_in_pyproject_is_read(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text('[project]\nname = "x"\n[tool.eda-gen]\nspecs = ["a.yaml"]\n[[tool.eda-gen.output]]\npath = "b"\n')

    config = load_config(file).value

    assert config is not None
    assert (config.specs, config.outputs) == (("a.yaml",), (Output("b"),))


def test_no_file_gives_the_defaults() -> None:
    assert load_config(None).value == Config()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("specs = [", "EDA020 1"),
        ("\nspecs = 'a.yaml'", "EDA021 2"),
        ("specs = [1]", "EDA021 1"),
        ("a = 1\nspec = []", "EDA021 1 EDA021 2"),
        ("[[output]]\nservice = 'a'", "EDA021 1"),
        ("[output]\npath = 'a'", "EDA021 1"),
        ("[[output]]\npath = 1", "EDA021 2"),
        ("[[output]]\npath = 'a'\ntarget = ['python']", "EDA021 3"),
        ("lint = 1", "EDA021 1"),
        ("[lint]\nselect = 'EDA1'", "EDA021 2"),
        ("[compat]\n\nmode = 'sideways'", "EDA021 3"),
        ("compat.against = 1", "EDA021 1"),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "eda-gen.toml"
    file.write_text(text)

    result = load_config(file)

    assert result.value is None
    assert " ".join(f"{each.code} {each.span.line}" for each in result.diagnostics) == expected


def test_bytes_that_are_no_text_are_a_diagnostic(tmp_path: Path) -> None:
    file = tmp_path / "eda-gen.toml"
    file.write_bytes(b"\xff\xfe")

    assert [each.code for each in load_config(file).diagnostics] == ["EDA020"]


def test_the_nearest_configuration_counts_and_our_own_goes_first(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.eda-gen]\n")
    assert find_config(inner) == tmp_path / "pyproject.toml"

    (tmp_path / "a" / "pyproject.toml").write_text("[tool.black]\n")
    assert find_config(inner) == tmp_path / "pyproject.toml"

    (tmp_path / "a" / "pyproject.toml").write_text("[tool.eda-gen]\n")
    (tmp_path / "a" / "eda-gen.toml").write_text("")
    assert find_config(inner) == tmp_path / "a" / "eda-gen.toml"


def test_globs_find_each_spec_once_in_a_stable_order(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "a.json"):
        (tmp_path / name).write_text("")

    config = Config(tmp_path / "eda-gen.toml", specs=("*.yaml", "a.*", "nothing/*.yaml"))

    assert [path.name for path in config.spec_paths()] == ["a.json", "a.yaml", "b.yaml"]


def test_a_table_for_pyproject_in_a_file_of_our_own_is_told(tmp_path: Path) -> None:
    file = tmp_path / "eda-gen.toml"
    file.write_text("[tool.eda-gen]\nspecs = []\n")

    (found,) = load_config(file).diagnostics

    assert found.help == "`tool.eda-gen` is for pyproject.toml: here, its settings stand at the top"
