"""The table of rules, and the documentation that shows it."""

from __future__ import annotations

import re
from pathlib import Path

from eda_gen.codes import CODES
from eda_gen.compat import RULES
from eda_gen.rules import installed_rules

DOCUMENT = Path(__file__).parents[3] / "docs" / "compatibility.md"
PACKAGE = Path(__file__).parents[3] / "generator" / "eda_gen" / "compat"


def test_the_documentation_shows_every_rule_as_the_code_has_it() -> None:
    rows = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("| EDA4")]

    expected = [
        f"| {rule.id} | `{rule.name}`{' ⚠' if rule.caution else ''} | {rule.sentence} | {rule.help} |" for rule in RULES
    ]

    assert rows == expected


def test_ids_and_names_are_unique_and_in_order() -> None:
    ids, names = [rule.id for rule in RULES], [rule.name for rule in RULES]

    assert ids == sorted(set(ids))
    assert len(set(names)) == len(names)


def test_no_other_part_uses_the_same_code() -> None:
    others = {*CODES, *(each.code for each in installed_rules())}

    assert {rule.id for rule in RULES} & others == set()


def test_every_rule_is_used_and_every_used_rule_exists() -> None:
    sources = (*PACKAGE.rglob("*.py"), PACKAGE.parent / "cli" / "breaking.py")
    code = "".join(path.read_text() for path in sources if path.name != "rules.py")

    names = {rule.name for rule in RULES}
    used = {name for name in names if f'"{name}"' in code}
    asked = set(re.findall(r'\brule\("([\w-]+)"\)', code))

    assert used == names
    assert asked <= names
