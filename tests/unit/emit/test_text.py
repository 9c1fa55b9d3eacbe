"""Text of a spec stays text."""

from __future__ import annotations

import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eda_gen.emit.python.text import clean, docstring, literal, one_line

TEXTS = st.text(alphabet=st.sampled_from(list("ab \"'\\\n\t{}%#\u202e\u2028é😀\x00")) | st.characters(), max_size=40)


@given(TEXTS)
@example('ends in """')
def test_a_docstring_reads_as_the_text_without_what_cannot_be_seen(text: str) -> None:
    module = ast.parse(f'"""x {docstring(text)}"""\nrest = 1\n')

    assert ast.get_docstring(module, clean=False) == f"x {clean(text)}"
    assert len(module.body) == 2


@given(TEXTS)
def test_a_literal_reads_as_the_value(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text
    assert "\n" not in literal(text)


@given(TEXTS)
def test_one_line_is_one_line(text: str) -> None:
    assert len(f"# {one_line(text)}".splitlines()) == 1


@pytest.mark.parametrize(
    ("value", "source"),
    [("a", '"a"'), ('a"b', "'a\"b'"), ("it's", '"it\'s"'), (3, "3"), (None, "None"), (True, "True")],
)
def test_literals_are_written_as_black_writes_them(value: object, source: str) -> None:
    assert literal(value) == source
