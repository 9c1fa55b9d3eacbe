"""Each rule finds what its case marks with `# <- CODE`, and nothing else in it. A case is a document in `cases/`."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from eda_gen.codes import CODES
from eda_gen.compat.rules import RULES
from eda_gen.config import Config
from eda_gen.passes import compile_workspace
from eda_gen.rules import installed_rules, lint, subject_of

CASES = Path(__file__).parent / "cases"
OTHER = CASES / "fragments" / "other.yaml"
TODAY = date(2026, 6, 1)


def marked(path: Path) -> list[int]:
    """The lines that a case wants to be reported."""
    lines = enumerate(path.read_text().splitlines(), 1)
    return [number for number, line in lines if re.search(rf"# <- {path.stem}\b", line)]


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_rule_finds_the_marked_lines_and_no_others(path: Path) -> None:
    compiled = compile_workspace([path, OTHER], Config())
    assert compiled.value is not None, compiled.diagnostics
    rules = [each for each in installed_rules() if each.code == path.stem]

    found = lint(subject_of(compiled.value, TODAY), rules)

    assert [each.span.line for each in found if each.span.path.endswith(path.name)] == marked(path), found
    assert len(found) == len(marked(path)), found
    assert all(each.help for each in found), found


def test_every_rule_has_a_case_with_something_to_find_and_something_to_leave_alone() -> None:
    cases = {path.stem: path.read_text() for path in CASES.glob("*.yaml")}

    assert sorted(cases) == [each.code for each in installed_rules()]
    assert [code for code, text in cases.items() if f"# <- {code}" not in text or "# fine" not in text] == []


def test_every_rule_is_documented_under_a_code_that_nothing_else_has() -> None:
    rules = installed_rules()

    assert [each.code for each in rules if not each.summary.endswith(".") or len(each.summary) > 140] == []
    assert {each.code for each in rules} & ({*CODES} | {each.id for each in RULES}) == set()
    assert len({each.name for each in rules}) == len(rules)


@pytest.mark.parametrize("folder", ["shop", "travel"])
def test_the_reference_specs_have_nothing_to_report(folder: str) -> None:
    specs = [path for path in sorted(Path("specs", folder).glob("*.yaml")) if path.name != "common.yaml"]
    compiled = compile_workspace(specs, Config())
    assert compiled.value is not None, compiled.diagnostics

    assert lint(subject_of(compiled.value, TODAY), installed_rules()) == ()


def test_rules_of_another_distribution_are_found_by_their_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "house_rules.py").write_text(
        "from eda_gen.rules import Finding, rule\n\n\n"
        "@rule('HOUSE1')\n"
        "def no_placed(subject):\n"
        '    """Nothing is placed here."""\n'
        "    found = (each for each in subject.catalog.messages.values() if each.name == 'TheirsPlaced')\n"
        "    return (Finding(each.span, 'placed', 'unplace it') for each in found)\n"
    )
    metadata = tmp_path / "house-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: house\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[eda_gen.rules]\nhouse = house_rules\n")
    monkeypatch.syspath_prepend(tmp_path)
    compiled = compile_workspace([OTHER], Config())
    assert compiled.value is not None, compiled.diagnostics

    rules = installed_rules()

    assert "HOUSE1" in [each.code for each in rules]
    assert "HOUSE1" in [each.code for each in lint(subject_of(compiled.value, TODAY), rules)]
