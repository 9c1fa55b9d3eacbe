"""Findings are shown as people, scripts, GitHub and SARIF viewers want them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eda_gen.cli.report import as_github, as_json, as_sarif, as_text
from eda_gen.diagnostics import Diagnostic, Severity, Span


@pytest.fixture
def finding(tmp_path: Path) -> Diagnostic:
    spec = tmp_path / "spec.yaml"
    spec.write_text("asyncapi: 3.1.0\ninfo:\n\ttitel: Orders\n")
    return Diagnostic("EDA102", "an Info Object has no field `titel`", Span(str(spec), 3, 2), "did you mean `title`?")


def test_text_shows_the_line_and_a_caret_under_the_place(finding: Diagnostic) -> None:
    from click import unstyle

    assert unstyle(as_text((finding,))) == (
        "error[EDA102]: an Info Object has no field `titel`\n"
        f" --> {finding.span.path}:3:2\n"
        "  |\n"
        "3 |  titel: Orders\n"
        "  |  ^\n"
        "  = help: did you mean `title`?\n"
        "\n"
        "1 error"
    )


def test_text_does_without_the_line_where_the_file_is_not_there() -> None:
    from click import unstyle

    shown = unstyle(as_text((Diagnostic("EDA001", "there is no file", Span("nowhere.yaml"), None, Severity.WARNING),)))

    assert shown == "warning[EDA001]: there is no file\n --> nowhere.yaml:1:1\n\n1 warning"


def test_text_of_nothing_is_nothing() -> None:
    assert as_text(()) == ""


def test_control_characters_of_a_spec_do_not_reach_the_terminal(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("\x1b]0;owned\x07 a: 1\n")

    shown = as_text((Diagnostic("EDA102", "no field `\x1b[31m`", Span(str(spec), 1, 1)),))

    assert "\x1b]0" not in shown
    assert "\x07" not in shown
    assert "`\x1b[31m`" not in shown


def test_a_very_long_line_is_cut_around_the_place(tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text("x" * 5_000 + "HERE" + "x" * 5_000)

    shown = as_text((Diagnostic("EDA102", "here", Span(str(spec), 1, 5_001)),))

    assert "HERE" in shown
    assert max(len(line) for line in shown.splitlines()) < 300


def test_json_holds_every_part(finding: Diagnostic) -> None:
    assert json.loads(as_json((finding,))) == [
        {
            "code": "EDA102",
            "severity": "error",
            "message": "an Info Object has no field `titel`",
            "path": finding.span.path,
            "line": 3,
            "column": 2,
            "help": "did you mean `title`?",
        }
    ]
    assert json.loads(as_json(())) == []


def test_github_gets_one_escaped_command_a_finding() -> None:
    found = Diagnostic("EDA102", "100% wrong,\nhere", Span("a,b:c.yaml", 3, 2))

    assert as_github((found,)) == "::error file=a%2Cb%3Ac.yaml,line=3,col=2,title=EDA102::100%25 wrong,%0Ahere"


def test_sarif_holds_rules_and_places(finding: Diagnostic) -> None:
    run = json.loads(as_sarif((finding, finding)))["runs"][0]

    assert run["tool"]["driver"]["name"] == "eda-gen"
    assert [each["id"] for each in run["tool"]["driver"]["rules"]] == ["EDA102"]
    assert [each["locations"][0]["physicalLocation"]["region"] for each in run["results"]] == [
        {"startLine": 3, "startColumn": 2}
    ] * 2
