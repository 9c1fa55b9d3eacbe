"""The command line as a user meets it: exit statuses, streams, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest

from eda_gen import cli

GOOD = "asyncapi: 3.1.0\ninfo: {title: Orders, version: 1.0.0}\n"
BAD = "asyncapi: 3.1.0\ninfo: {titel: Orders, version: 1.0.0}\n"
FRAGMENT = "Money: {type: object}\n"


def run(*arguments: str, at: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from eda_gen.cli import main; main()", *arguments],
        cwd=at,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_fine_spec_ends_with_0_and_says_so_on_stdout(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)

    ran = run("validate", "a.yaml", at=tmp_path)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "1 document fine\n", "")


def test_a_wrong_spec_ends_with_2_and_tells_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BAD)

    ran = run("validate", "a.yaml", at=tmp_path)

    assert (ran.returncode, ran.stdout) == (2, "")
    assert "error[EDA101]" in ran.stderr
    assert " --> a.yaml:2:8" in ran.stderr
    assert "2 | info: {titel: Orders, version: 1.0.0}" in ran.stderr
    assert "help: did you mean `title`?" in ran.stderr
    assert "\x1b" not in ran.stderr


def test_every_spec_is_checked_not_only_the_first(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(BAD)
    (tmp_path / "b.yaml").write_text(BAD)

    ran = run("validate", "a.yaml", "b.yaml", "c.yaml", "--format", "json", at=tmp_path)

    assert ran.returncode == 2
    assert {each["path"] for each in json.loads(ran.stderr)} == {"a.yaml", "b.yaml", "c.yaml"}


@pytest.mark.parametrize(
    "arguments", [["frobnicate"], ["validate", "--format", "xml"], ["validate", "--what"], [], ["validate"]]
)
def test_a_wrong_call_ends_with_2(tmp_path: Path, arguments: list[str]) -> None:
    ran = run(*arguments, at=tmp_path)

    assert ran.returncode == 2
    assert ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_folder_stands_for_the_documents_in_it(tmp_path: Path) -> None:
    (tmp_path / "specs" / "deep").mkdir(parents=True)
    (tmp_path / "specs" / "a.yaml").write_text(GOOD)
    (tmp_path / "specs" / "deep" / "b.json").write_text('{"asyncapi": "3.0.0", "info": {"title": "B", "version": "1"}}')
    (tmp_path / "specs" / "common.yaml").write_text(FRAGMENT)

    ran = run("validate", "specs", at=tmp_path)

    assert (ran.returncode, ran.stdout) == (0, "2 documents fine\n")


def test_an_empty_folder_has_no_spec(tmp_path: Path) -> None:
    ran = run("validate", ".", at=tmp_path)

    assert ran.returncode == 2
    assert "EDA001" in ran.stderr


def test_the_configuration_names_the_specs_and_fragments_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "a.yaml").write_text(GOOD)
    (tmp_path / "specs" / "common.yaml").write_text(FRAGMENT)
    (tmp_path / "eda-gen.toml").write_text('specs = ["specs/*.yaml"]\n')

    ran = run("validate", at=tmp_path / "specs")

    assert (ran.returncode, ran.stdout) == (0, "1 document fine\n")


def test_a_fragment_that_is_named_is_told_to_be_no_document(tmp_path: Path) -> None:
    (tmp_path / "common.yaml").write_text(FRAGMENT)

    assert "EDA100" in run("validate", "common.yaml", at=tmp_path).stderr


def test_a_wrong_configuration_ends_with_2(tmp_path: Path) -> None:
    (tmp_path / "eda-gen.toml").write_text("spec = []\n")
    (tmp_path / "a.yaml").write_text(GOOD)

    ran = run("validate", "a.yaml", at=tmp_path)

    assert ran.returncode == 2
    assert "eda-gen.toml:1:1" in ran.stderr
    assert "did you mean `specs`?" in ran.stderr


def test_colour_is_for_terminals_and_not_where_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from eda_gen.cli.report import wants_color

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert wants_color(terminal=True)
    assert not wants_color(terminal=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_color(terminal=True)


def test_a_defect_of_ours_ends_with_3_and_asks_for_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @click.command()
    def broken() -> None:
        raise KeyError("lost")

    monkeypatch.setattr(cli.cli, "get_command", lambda _ctx, _name: broken)
    monkeypatch.delenv("EDA_GEN_TRACEBACK", raising=False)

    with pytest.raises(SystemExit) as ended:
        cli.main(["broken"])

    told = capsys.readouterr().err
    assert ended.value.code == 3
    assert "KeyError: 'lost'" in told
    assert "Please report it" in told
    assert "Traceback" not in told


def test_help_lists_the_commands_at_once(tmp_path: Path) -> None:
    def seconds() -> float:
        """Of processor time: it does not count what other processes of the machine take."""
        before = os.times()
        ran = run("--help", at=tmp_path)
        after = os.times()
        assert ran.returncode == 0
        assert "validate" in ran.stdout
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(seconds() for _ in range(5)) < 0.15


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom eda_gen.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('yaml', 'jinja2', 'black', 'datamodel_code_generator') if m in sys.modules], file=sys.stderr)"
    )

    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)

    assert (ran.returncode, ran.stderr.strip()) == (0, "[]")


def test_the_version_is_told(tmp_path: Path) -> None:
    assert run("--version", at=tmp_path).stdout.startswith("eda-gen ")


def test_a_large_spec_validates_in_a_few_seconds(tmp_path: Path) -> None:
    lines = ["asyncapi: 3.1.0", "info: {title: Big, version: '1'}", "components:", "  schemas:"]
    lines += [
        f"    S{n}: {{type: object, properties: {{a: {{type: string}}, b: {{type: integer}}}}}}" for n in range(1_000)
    ]
    lines += ["  messages:"]
    lines += [f"    M{n}: {{name: M{n}, payload: {{$ref: '#/components/schemas/S{n}'}}}}" for n in range(1_000)]
    lines += ["channels:"]
    lines += [
        f"  c{n}: {{address: c.{n}, messages: {{m: {{$ref: '#/components/messages/M{n}'}}}}}}" for n in range(1_000)
    ]
    lines += ["operations:"]
    lines += [f"  o{n}: {{action: send, channel: {{$ref: '#/channels/c{n}'}}}}" for n in range(1_000)]
    (tmp_path / "big.yaml").write_text("\n".join(lines))

    start = time.perf_counter()
    ran = run("validate", "big.yaml", at=tmp_path)

    assert ran.returncode == 0, ran.stderr[:500]
    assert time.perf_counter() - start < 10
