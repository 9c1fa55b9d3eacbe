"""Names of a spec become names of Python."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eda_gen.emit.python.imports import import_lines
from eda_gen.emit.python.naming import Names, constant_name, module_name, pascal, snake


@pytest.mark.parametrize(
    ("written", "cls", "method"),
    [
        ("orderPlaced", "OrderPlaced", "order_placed"),
        ("order-placed", "OrderPlaced", "order_placed"),
        ("Order Placed", "OrderPlaced", "order_placed"),
        ("HTTPError2", "HTTPError2", "http_error2"),
        ("on.order/placed", "OnOrderPlaced", "on_order_placed"),
        ("class", "Class", "class_"),
        ("none", "None_", "none"),
        ("match", "Match", "match_"),
        ("2nd", "Unnamed2nd", "unnamed2nd"),
        ("größe", "Größe", "größe"),
        ("😀", "Unnamed", "unnamed"),
        ("", "Unnamed", "unnamed"),
        ("_private", "Private", "private"),
    ],
)
def test_names_keep_their_words(written: str, cls: str, method: str) -> None:
    assert (pascal(written), snake(written)) == (cls, method)


@given(st.text())
def test_every_name_is_an_identifier_and_no_keyword(text: str) -> None:
    for name in (pascal(text), snake(text), constant_name(text), module_name(text)):
        assert name.isidentifier()
        assert not keyword.iskeyword(name)
        assert not name.startswith("_")


@given(st.text())
def test_a_module_is_named_in_ascii(text: str) -> None:
    assert module_name(text).isascii()


def test_names_that_are_taken_are_told_apart_by_the_next_wish_then_by_number() -> None:
    names = Names(("a",))

    assert [names.take("a", "b"), names.take("a", "b"), names.take("a", "b")] == ["b", "b_2", "b_3"]


def test_imports_are_sorted_as_isort_sorts_them() -> None:
    lines = import_lines({".order10": ["X"], ".order2": ["thing", "Class2", "Class10", "CONSTANT_B", "A"]})

    assert lines == ("from .order2 import CONSTANT_B, A, Class2, Class10, thing", "from .order10 import X")
