"""Text as databases can keep it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eda_runtime.text import indexed, is_storable, storable


@given(st.text(st.characters()))
def test_what_is_made_storable_is(text: str) -> None:
    assert is_storable(storable(text))
    storable(text).encode()


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert storable(text) == indexed(text) == text


def test_what_is_escaped_can_be_read() -> None:
    assert storable("a\0b\ud800") == r"a\u0000b\ud800"


@given(st.text(st.characters(codec="utf-8"), min_size=900, max_size=1100))
def test_what_is_indexed_is_short_and_tells_texts_apart(text: str) -> None:
    assert len(indexed(text).encode("ascii", "backslashreplace")) <= 1100
    assert indexed(text) != indexed(text + "x")
