"""Mermaid's own parser accepts every diagram, whatever a spec calls its things."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conformance.hostile_workspace import TRAPS, hostile_catalog
from tests.conformance.mermaid import refused

from eda_gen.config import Config
from eda_gen.emit.diagrams import all_diagrams
from eda_gen.model import Catalog
from eda_gen.passes import compile_workspace

CORPUS = os.environ.get("EDA_CORPUS")


def drawn(catalog: Catalog, where: str = "", ways: tuple[bool, ...] = (False, True)) -> Iterator[tuple[str, str]]:
    for hops in ways:
        for each in all_diagrams(catalog, hops=hops):
            yield f"{where}{each.name}{' with hops' if hops else ''}", each.text


def compiled(*specs: Path) -> Catalog:
    result = compile_workspace(specs, Config())
    assert result.value is not None, result.diagnostics
    return result.value


def test_mermaid_refuses_what_is_wrong() -> None:
    assert (
        len(
            refused(
                [("wrong", "sequenceDiagram\n    participant end as x\n    a->>: b"), ("right", "flowchart LR\n    a")]
            )
        )
        == 1
    )


@pytest.mark.parametrize("folder", ["shop", "travel"])
def test_mermaid_accepts_the_diagrams_of_the_reference_specs(folder: str) -> None:
    specs = [path for path in sorted(Path("specs", folder).glob("*.yaml")) if path.name != "common.yaml"]

    diagrams = list(drawn(compiled(*specs)))

    assert len(diagrams) >= 20
    assert refused(diagrams) == []


def test_mermaid_accepts_the_diagrams_of_a_spec_full_of_its_own_syntax(tmp_path: Path) -> None:
    diagrams: list[tuple[str, str]] = []
    for shift in range(0, len(TRAPS), 6):
        texts = TRAPS[shift:] + TRAPS[:shift]
        diagrams += drawn(hostile_catalog(texts, tmp_path), f"{shift} ")

    assert refused(diagrams) == []


def test_mermaid_accepts_the_diagrams_of_faulty_designs() -> None:
    cases = sorted(Path("tests/unit/rules/cases").glob("*.yaml"))

    diagrams = [each for path in cases for each in drawn(compiled(path), f"{path.stem} ", (False,))]

    assert refused(diagrams) == []


def test_mermaid_accepts_every_diagram_that_stands_in_the_repository() -> None:
    paths = [path for folder in ("tests/golden", "examples") for path in Path(folder).rglob("*.mmd")]

    assert paths
    assert refused((str(path), path.read_text("utf-8")) for path in paths) == []


@settings(max_examples=5, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=80), min_size=20, max_size=40))
def test_mermaid_accepts_the_diagrams_of_any_names(texts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        diagrams = list(drawn(hostile_catalog(texts, Path(folder))))

    assert refused(diagrams) == []


@pytest.mark.skipif(CORPUS is None, reason="EDA_CORPUS names no corpus")
def test_mermaid_accepts_the_diagrams_of_the_official_documents() -> None:
    documents = sorted(path for path in Path(CORPUS or "").glob("asyncapi/official/*.y*ml"))
    results = [(path, compile_workspace([path], Config()).value) for path in documents]

    diagrams = [each for path, catalog in results if catalog is not None for each in drawn(catalog, f"{path.stem} ")]

    assert diagrams
    assert refused(diagrams) == []
