"""`eda-gen lint` and `eda-gen explain` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eda_gen.cli import cli
from eda_gen.cli.status import Status
from eda_gen.rules import chosen

SPEC = """asyncapi: 3.1.0
info: {title: Orders, version: 1.0.0}
channels:
  orders:
    address: orders
    messages:
      Placed: {name: Placed, payload: {type: object}}
    x-eda: {partitions: 4}
operations:
  place: {action: send, channel: {$ref: '#/channels/orders'}, x-eda: {outbox: false}}
"""


@pytest.fixture(autouse=True)
def beside_a_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "orders.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments, standalone_mode=False)


def codes(ran: Result) -> list[str]:
    return [each["code"] for each in json.loads(ran.stderr)]


def test_findings_end_with_1_and_tell_place_line_and_help() -> None:
    ran = run("lint", "orders.yaml")

    assert (ran.return_value, ran.stdout) == (Status.FINDINGS, "")
    assert "warning[EDA501]: `Placed` v1 has no partition key, and `orders` has 4 partitions" in ran.stderr
    assert "--> orders.yaml:7:15" in ran.stderr
    assert "help: add `key: $message.payload#/…`" in ran.stderr


def test_nothing_to_report_ends_with_0_in_silence() -> None:
    ran = run("lint", "orders.yaml", "--select", "EDA9")

    assert (ran.return_value, ran.stdout, ran.stderr) == (Status.FINE, "", "")


def test_a_spec_that_cannot_be_read_ends_with_2() -> None:
    assert run("lint", "none.yaml").return_value == Status.BAD_INPUT


def test_options_choose_what_is_reported() -> None:
    assert codes(run("lint", "orders.yaml", "--format", "json")) == ["EDA302", "EDA501", "EDA512"]
    assert codes(run("lint", "orders.yaml", "--format", "json", "--select", "EDA5")) == ["EDA501", "EDA512"]
    assert codes(run("lint", "orders.yaml", "--format", "json", "--ignore", "EDA5")) == ["EDA302"]
    assert codes(run("lint", "orders.yaml", "--format", "json", "--ignore", "EDA", "--select", "EDA51")) == ["EDA512"]


def test_the_configuration_chooses_and_options_go_before_it(tmp_path: Path) -> None:
    (tmp_path / "eda-gen.toml").write_text('specs = ["*.yaml"]\n[lint]\nselect = ["EDA5"]\nignore = ["EDA512"]\n')

    assert codes(run("lint", "--format", "json")) == ["EDA501"]
    assert codes(run("lint", "--format", "json", "--select", "EDA3")) == ["EDA302"]


def test_a_code_that_nothing_has_is_a_wrong_call() -> None:
    ran = CliRunner().invoke(cli, ["lint", "orders.yaml", "--select", "E501"])

    assert ran.exit_code == Status.BAD_INPUT
    assert "no code begins with `E501`" in ran.stderr


def test_sarif_and_github_name_rule_and_place() -> None:
    sarif = json.loads(run("lint", "orders.yaml", "--format", "sarif").stderr)

    assert [each["ruleId"] for each in sarif["runs"][0]["results"]] == ["EDA302", "EDA501", "EDA512"]
    assert (
        "::warning file=orders.yaml,line=7,col=15,title=EDA501::"
        in run("lint", "orders.yaml", "--format", "github").stderr
    )


def test_explain_tells_a_rule_a_kind_of_change_and_a_reading_error() -> None:
    assert run("explain", "eda501").stdout.startswith("EDA501: A message on an ordered channel of several partitions")
    assert "What to do: " in run("explain", "EDA420").stdout
    assert run("explain", "EDA004").stdout.startswith("EDA004: A key stands twice")


def test_explain_lists_all_codes_and_refuses_what_is_none() -> None:
    listed = run("explain").stdout.splitlines()

    assert listed == sorted(listed)
    assert len(listed) > 150
    assert CliRunner().invoke(cli, ["explain", "EDA999"]).exit_code == Status.BAD_INPUT


@pytest.mark.parametrize(
    ("select", "ignore", "expected"),
    [
        ((), (), True),
        (("EDA5",), (), True),
        (("EDA6",), (), False),
        ((), ("EDA5",), False),
        (("EDA5",), ("EDA501",), False),
        (("EDA501",), ("EDA5",), True),
        (("EDA501",), ("EDA501",), False),
    ],
)
def test_the_longest_code_that_fits_decides(select: tuple[str, ...], ignore: tuple[str, ...], expected: bool) -> None:
    assert chosen("EDA501", select, ignore) is expected
