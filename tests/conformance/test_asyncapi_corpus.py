"""Documents that nobody here wrote: AsyncAPI's own examples and its conformance kit are judged as their authors say.

`EDA_CORPUS` says where they are: `asyncapi/official` holds the specification's examples, `asyncapi/tck` the kit.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eda_gen.codes import CODES
from eda_gen.config import Config
from eda_gen.diagnostics import Diagnostic, Severity
from eda_gen.passes import compile_workspace

CORPUS = os.environ.get("EDA_CORPUS")
ASYNCAPI = Path(CORPUS).resolve() / "asyncapi" if CORPUS else None

DEVIATIONS = {
    "asyncapi-2.0/Channel_Item_Object/valid-external-ref.yaml": (
        "refers to `referenced.yml`, which is not beside it: a `$ref` must lead to a structure that is there "
        "(AsyncAPI 2.0.0, Reference Object)"
    ),
}
"""Documents of the kit whose name the specification's own text contradicts, with the reason and the section."""


def official_documents() -> list[str]:
    if ASYNCAPI is None:
        return []
    found = (*ASYNCAPI.glob("official/**/*.yml"), *ASYNCAPI.glob("official/**/*.yaml"))
    return sorted(str(path.relative_to(ASYNCAPI)) for path in found if path.read_text("utf-8").startswith("asyncapi:"))


def kit_documents() -> list[str]:
    if ASYNCAPI is None:
        return []
    found = (path for path in ASYNCAPI.glob("tck/**/*.y*ml") if path.name.startswith(("valid", "invalid")))
    return sorted(str(path.relative_to(ASYNCAPI / "tck")) for path in found)


def judge(path: Path) -> tuple[bool, tuple[Diagnostic, ...]]:
    result = compile_workspace([path], Config())
    return result.value is not None, result.diagnostics


def needs_corpus() -> Path:
    if ASYNCAPI is None:
        pytest.skip("left out: EDA_CORPUS does not say where the corpus is")
    return ASYNCAPI


@pytest.mark.parametrize("name", official_documents() or [pytest.param("", id="no corpus")])
def test_an_official_example_is_valid(name: str) -> None:
    accepted, diagnostics = judge(needs_corpus() / name)

    assert accepted, diagnostics


@pytest.mark.parametrize("name", official_documents() or [pytest.param("", id="no corpus")])
def test_an_official_example_is_valid_from_any_folder(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = needs_corpus() / name
    monkeypatch.chdir(tmp_path)

    accepted, diagnostics = judge(path)

    assert accepted, diagnostics


@pytest.mark.parametrize("name", kit_documents() or [pytest.param("", id="no corpus")])
def test_a_document_of_the_kit_is_judged_as_it_is_named(name: str) -> None:
    path = needs_corpus() / "tck" / name
    expected = path.name.startswith("valid") and name not in DEVIATIONS

    accepted, diagnostics = judge(path)

    assert accepted is expected, diagnostics


@pytest.mark.parametrize(
    "name", [each for each in kit_documents() if "/invalid" in each] or [pytest.param("", id="no corpus")]
)
def test_what_is_refused_is_told_with_a_known_code_and_a_place_in_the_text(name: str) -> None:
    path = needs_corpus() / "tck" / name
    lines = path.read_text("utf-8").split("\n")

    _, diagnostics = judge(path)

    errors = [each for each in diagnostics if each.severity is Severity.ERROR]
    assert errors
    for each in errors:
        assert each.code in CODES
        assert Path(each.span.path).name == path.name
        assert 1 <= each.span.line <= len(lines)
        assert 1 <= each.span.column <= len(lines[each.span.line - 1]) + 1


def test_at_least_95_in_100_documents_of_the_kit_are_judged_as_named() -> None:
    needs_corpus()
    names = kit_documents()

    assert len(names) > 200
    assert len([each for each in names if each in DEVIATIONS]) / len(names) < 0.05
