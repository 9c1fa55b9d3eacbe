"""Spec text in YAML, and names: what is written is read back, and two names stay two."""

from __future__ import annotations

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from eda_gen.emit.deploy import text
from eda_gen.emit.deploy.eventbridge.names import logical_id, queue_name
from eda_gen.emit.deploy.nats.names import stream_name

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@given(TEXTS)
def test_yaml_reads_back_the_text_as_a_string(given_text: str) -> None:
    assert yaml.safe_load(f"a: [{text.yaml(given_text)}]\nb: 1\n") == {"a": [given_text], "b": 1}


@given(TEXTS)
def test_compose_fills_in_nothing(given_text: str) -> None:
    written = yaml.safe_load(f"a: {text.compose(given_text)}\n")["a"]

    assert written.replace("$$", "") == given_text.replace("$", "")


@given(TEXTS)
def test_hcl_holds_no_template_and_ends_where_it_should(given_text: str) -> None:
    written = text.hcl(given_text)

    assert not re.search(r"[$%]\{", written)
    assert re.fullmatch(r'"([^"\\\n\r]|\\(["\\nrt]|u[0-9a-f]{4}|U[0-9a-f]{8}))*"', written)


@given(st.lists(st.text(st.sampled_from("ab.-_A/ "), min_size=1, max_size=12), unique=True, max_size=30))
def test_names_made_legal_stay_apart(names: list[str]) -> None:
    for made in (queue_name, stream_name, logical_id, text.dns_name):
        assert len({made(name) for name in names}) == len(names)


@given(TEXTS.filter(bool))
def test_names_are_legal_for_whom_they_are_made(given_text: str) -> None:
    label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"

    assert re.fullmatch(r"[A-Za-z0-9_-]{1,80}", queue_name(given_text))
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,120}", stream_name(given_text))
    assert re.fullmatch(r"[A-Za-z0-9]{1,255}", logical_id(given_text))
    assert re.fullmatch(rf"{label}(\.{label})*", text.dns_name(given_text))


@pytest.mark.parametrize(
    ("names", "matches", "refuses"),
    [
        (["a.b"], ["a.b"], ["axb", "a.b.c", ""]),
        (["a|b", "c"], ["a|b", "c"], ["a", "b"]),
        (["meter.{id}.x"], ["meter.7.x"], ["meter.x", "meter..y"]),
        ([], [""], ["a"]),
    ],
)
def test_a_permission_covers_the_names_given_and_no_others(
    names: list[str], matches: list[str], refuses: list[str]
) -> None:
    pattern = text.regex(names)

    assert all(re.fullmatch(pattern, each) for each in matches)
    assert not any(re.fullmatch(pattern, each) for each in refuses)
