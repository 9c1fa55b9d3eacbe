"""Every code that reading and generating report is explained, and every explained code is reported by something."""

from __future__ import annotations

import re
from pathlib import Path

from eda_gen.asyncapi.grammar.types import Group
from eda_gen.codes import CODES
from eda_gen.rules import installed_rules

GENERATOR = Path(__file__).parents[2] / "generator" / "eda_gen"
READING = [
    *(GENERATOR / "source").rglob("*.py"),
    *(GENERATOR / "asyncapi").rglob("*.py"),
    *(GENERATOR / "passes").rglob("*.py"),
    *(GENERATOR / "emit").rglob("*.py"),
    *(GENERATOR / "output").rglob("*.py"),
    *(GENERATOR / "registry").rglob("*.py"),
    GENERATOR / "cli" / "generate.py",
    GENERATOR / "cli" / "registry.py",
    GENERATOR / "config.py",
]


def reported() -> set[str]:
    """Codes as they stand in the source: whole, or as the number of a group."""
    text = "\n".join(path.read_text("utf-8") for path in READING)
    whole = set(re.findall(r'"(EDA\d{3})"', text))
    numbers = set(re.findall(r'report\(\s*"(\d\d)"', text))
    return whole | {Group().code(number) for number in numbers}


def test_every_reported_code_is_explained() -> None:
    rules = {each.code for each in installed_rules()}

    assert reported() - set(CODES) - rules == set()


def test_every_explained_code_is_reported() -> None:
    extension = {code for code in CODES if code[3] in "2345678" and code[4] == "9"}

    assert set(CODES) - reported() - extension == set()
    assert extension == {Group(digit).code(f"0{number}") for digit in range(2, 9) for number in range(1, 6)}


def test_an_explanation_is_one_line_that_ends_as_a_sentence() -> None:
    assert [code for code, text in CODES.items() if "\n" in text or text[-1] not in ".?"] == []
