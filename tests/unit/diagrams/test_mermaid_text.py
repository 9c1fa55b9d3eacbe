"""Spec text in diagrams: what reaches a reader is what the spec says, and nothing of it is syntax."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_gen.emit.diagrams.mermaid import LONGEST, escaped, label
from eda_gen.emit.diagrams.render import markdown

SYNTAX = re.compile(r"[;:%<>\"`{}\[\]|$@^~&*\\\n\r]|^-|--|\A\d+\.")


def decoded(text: str) -> str:
    """As Mermaid shows it."""
    return re.sub(r"#(\d+);", lambda match: chr(int(match[1])), text)


def without_codes(text: str) -> str:
    return re.sub(r"#\d+;", "x", text)


@given(st.text())
def test_any_text_is_shown_as_it_is_but_for_space_and_what_cannot_be_seen(text: str) -> None:
    seen = "".join(" " if char.isspace() else char if char.isprintable() else "\ufffd" for char in text)

    assert decoded(escaped(text)) == (" ".join(seen.split()) or "·")


@given(st.text())
def test_no_text_is_syntax(text: str) -> None:
    assert SYNTAX.search(without_codes(escaped(text))) is None
    assert "#" not in without_codes(escaped(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("OrderPlaced v2", "OrderPlaced v2"),
        ("sales.orders-eu_west", "sales.orders-eu_west"),
        ("a;b", "a#59;b"),
        ("_it_", "#95;it#95;"),
        ("1. first", "1#46; first"),
        ("- item", "#45; item"),
        ("a -- b", "a #45;#45; b"),
        ("<b>", "#60;b#62;"),
        ("ﬂ°", "#64258;#176;"),
    ],
)
def test_plain_names_stay_readable_and_traps_are_disarmed(text: str, expected: str) -> None:
    assert escaped(text) == expected


def test_a_label_wraps_long_lines_cuts_very_long_ones_and_leaves_empty_ones_out() -> None:
    shown = label("short", "", "word " * 100)

    lines = shown.split("<br/>")
    assert lines[0] == "short"
    assert max(map(len, lines)) <= 64
    assert sum(map(len, lines[1:])) <= LONGEST
    assert lines[-1].endswith("…")


def test_an_empty_label_still_has_something_to_show() -> None:
    assert label("") == label(" \n") == escaped("\t") == "·"


def test_markdown_shows_plain_text() -> None:
    assert markdown("<b> [x](y) `z` a_b\n# c") == r"\<b\> \[x\]\(y\) \`z\` a\_b \# c"
