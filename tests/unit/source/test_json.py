"""JSON becomes the same nodes as YAML does."""

from __future__ import annotations

import json

import pytest
from tests.reading import root

from eda_gen.source.json_reader import read_json


def problems(text: str) -> list[str]:
    return [
        f"{each.code} {each.span.line}:{each.span.column}" for each in read_json(text, "a.json", "a.json").diagnostics
    ]


def test_every_kind_of_value_is_read() -> None:
    value = {"a": [1, -2.5, 1e3, "x", True, False, None, {}, []], "b/c": {"~": '\u00e9 \U0001f600 " \\ / \n'}}

    assert root(json.dumps(value), "a.json").plain() == value


def test_tabs_may_indent_json() -> None:
    node = root('{\n\t"a":\t1\n}', "a.json")

    assert (node.fields["a"].span.line, node.fields["a"].span.column) == (2, 7)


def test_values_and_keys_know_their_place() -> None:
    node = root('{"a": [\n  {"b": 1}]}', "a.json")

    inner = node.fields["a"].items[0]
    assert (inner.key_span("b").line, inner.key_span("b").column) == (2, 4)
    assert inner.fields["b"].id == "a.json#/a/0/b"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1, "a": 2}', ["EDA004 1:10"]),
        ('{"a": 1,}', ["EDA002 1:9"]),
        ("[1,]", ["EDA002 1:4"]),
        ("[,1]", ["EDA002 1:2"]),
        ('{"a" 1}', ["EDA002 1:6"]),
        ("{a: 1}", ["EDA002 1:2"]),
        ('{"a": 01}', ["EDA002 1:8"]),
        ("[1, 2", ["EDA002 1:5"]),
        ("{} {}", ["EDA002 1:4"]),
        ("]", ["EDA002 1:1"]),
        ('"\\x"', ["EDA002 1:1"]),
        ('"\\ud800"', ["EDA002 1:1"]),
        ('"a\nb"', ["EDA002 1:1"]),
        ("NaN", ["EDA002 1:1"]),
        ("1e999", ["EDA007 1:1"]),
        ("9" * 5000, ["EDA007 1:1"]),
        ("[" * 100_000, ["EDA003 1:65"]),
    ],
)
def test_what_is_not_json_is_reported_at_its_place(text: str, expected: list[str]) -> None:
    assert problems(text) == expected
