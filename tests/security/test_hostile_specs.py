"""Specs that are made to do harm are refused in words: nothing outside is read, nothing hangs, nothing crashes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eda_gen.source.limits import MAX_BYTES

HEAD = "asyncapi: 3.1.0\ninfo: {title: Orders, version: 1.0.0}\n"
REFERS = HEAD + "components: {schemas: {a: {$ref: 'REF'}}}\n"


def validate(at: Path, *names: str, format: str = "text") -> subprocess.CompletedProcess[str]:
    code = "from eda_gen.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, "validate", *names, "--format", format],
        cwd=at,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def is_refused(ran: subprocess.CompletedProcess[str], code: str) -> None:
    assert ran.returncode == 2, ran.stderr[:2000]
    assert f"[{code}]" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert "defect" not in ran.stderr


@pytest.mark.parametrize(
    ("ref", "code"),
    [
        ("/etc/passwd", "EDA012"),
        ("../secret.yaml#/a", "EDA012"),
        ("sub/../../secret.yaml#/a", "EDA012"),
        ("%2e%2e%2fsecret.yaml#/a", "EDA012"),
        ("file:///etc/passwd", "EDA011"),
        ("http://169.254.169.254/latest/meta-data", "EDA013"),
        ("//example.com/a.yaml", "EDA013"),
        ("https://user:password@example.com/a.yaml#/x", "EDA013"),
        ("ftp://example.com/a.yaml", "EDA013"),
        ("link.yaml#/a", "EDA012"),
        ("links/secret.yaml#/a", "EDA012"),
    ],
)
def test_a_reference_out_of_the_workspace_is_not_followed(tmp_path: Path, ref: str, code: str) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (tmp_path / "secret.yaml").write_text("a: {description: TOP-SECRET, type: 1}\n")
    (workspace / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (workspace / "links").symlink_to(tmp_path)
    (workspace / "spec.yaml").write_text(REFERS.replace("REF", ref))

    ran = validate(workspace, "spec.yaml")

    is_refused(ran, code)
    assert "TOP-SECRET" not in ran.stderr


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe\x00", "EDA002"),
        (b"", "EDA002"),
        (b"# only a comment\n", "EDA002"),
        (b"a: \x00\n", "EDA002"),
        (HEAD.encode() + b"x-a: \xc3\x28\n", "EDA002"),
        (b"asyncapi: 3.1.0\nasyncapi: 3.0.0\n", "EDA004"),
        (HEAD.encode() + b"---\n" + HEAD.encode(), "EDA005"),
        pytest.param(b"a: " + b"[" * 50_000, "EDA003", id="deep sequences"),
        pytest.param(b"{a: " * 50_000, "EDA003", id="deep mappings"),
        (b"x: !!python/object/apply:os.system ['touch owned']\n", "EDA007"),
        pytest.param(b"x: " + b"9" * 1_000_000, "EDA007", id="a long number"),
        pytest.param(b"x: 0x" + b"f" * 1_000_000, "EDA007", id="a long hexadecimal number"),
        (HEAD.encode() + b"x: &a [*a]\n", "EDA008"),
    ],
)
def test_bytes_made_to_break_a_reader_are_refused(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "spec.yaml").write_bytes(content)

    start = time.perf_counter()
    is_refused(validate(tmp_path, "spec.yaml"), code)

    assert time.perf_counter() - start < 10
    assert not (tmp_path / "owned").exists()


def test_a_billion_laughs_are_refused_at_once(tmp_path: Path) -> None:
    lines = ["x-0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    (tmp_path / "spec.yaml").write_text(HEAD + "\n".join(lines))

    start = time.perf_counter()
    is_refused(validate(tmp_path, "spec.yaml"), "EDA003")

    assert time.perf_counter() - start < 10


@pytest.mark.parametrize("line", ["x-{n}: &a{n} .inf", "same: 1", "field{n}: 1", '"\\u{n:04x}": {{$ref: 1}}'])
def test_a_document_with_very_many_problems_is_refused_in_time(tmp_path: Path, line: str) -> None:
    (tmp_path / "spec.yaml").write_text(HEAD + "\n".join(line.format(n=n + 1_000) for n in range(8_000)))

    start = time.perf_counter()
    ran = validate(tmp_path, "spec.yaml")

    assert ran.returncode == 2
    assert "1000 errors" in ran.stderr or "1001 errors" in ran.stderr
    assert time.perf_counter() - start < 10


def test_a_huge_file_is_refused_with_the_limit(tmp_path: Path) -> None:
    with (tmp_path / "spec.yaml").open("wb") as stream:
        stream.truncate(MAX_BYTES * 10)

    ran = validate(tmp_path, "spec.yaml")

    is_refused(ran, "EDA003")
    assert "16 MiB" in ran.stderr


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "spec.yaml")

    is_refused(validate(tmp_path, "spec.yaml"), "EDA001")


def test_json_that_nests_without_end_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text('{"a":' * 100_000)

    is_refused(validate(tmp_path, "spec.json"), "EDA003")


@pytest.mark.parametrize(
    "schemas",
    [
        "{a: {$ref: '#/components/schemas/a'}}",
        "{a: {$ref: '#/components/schemas/b'}, b: {$ref: '#/components/schemas/a'}}",
        "{a: {$ref: '#/components/schemas/b/properties/x'}, b: {$ref: '#/components/schemas/a/properties/x'}}",
    ],
)
def test_references_that_go_round_are_refused(tmp_path: Path, schemas: str) -> None:
    (tmp_path / "spec.yaml").write_text(HEAD + f"components: {{schemas: {schemas}}}\n")

    is_refused(validate(tmp_path, "spec.yaml"), "EDA014")


def test_schemas_that_contain_each_other_over_many_references_are_read(tmp_path: Path) -> None:
    lines = [
        f"    s{n}: {{properties: {{next: {{$ref: '#/components/schemas/s{(n + 1) % 20_000}'}}}}}}"
        for n in range(20_000)
    ]
    use = "channels: {c: {messages: {m: {payload: {$ref: '#/components/schemas/s0'}}}}}\n"
    (tmp_path / "spec.yaml").write_text(HEAD + use + "components:\n  schemas:\n" + "\n".join(lines))

    assert validate(tmp_path, "spec.yaml").returncode == 0


def test_a_spec_cannot_write_to_the_terminal_or_forge_an_annotation(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(HEAD + '"\\e]0;owned\\a\\n::error file=x::forged": 1\n')

    shown, annotated = validate(tmp_path, "spec.yaml"), validate(tmp_path, "spec.yaml", format="github")

    assert "\x1b" not in shown.stderr
    assert "\x07" not in shown.stderr
    assert [line for line in annotated.stderr.splitlines() if not line.startswith("::error file=spec.yaml,")] == []


def test_a_text_with_much_of_the_same_does_not_make_a_pattern_slow(tmp_path: Path) -> None:
    long = "a" * 50_000
    (tmp_path / "spec.yaml").write_text(
        f"asyncapi: 2.6.0\nid: 'a:{long}^'\ninfo: {{title: {long}V1, version: '1', contact: {{email: '{long}@{long}!', url: 'http://{long} '}}}}\n"
        f"defaultContentType: '{long}/{long}{{'\nchannels: {{'{long}{{': {{}}}}\n"
        f"servers: {{p: {{url: '{long}{{{{', protocol: x}}}}\n"
        f"x-eda: {{sagas: {{s: {{starts: {{$ref: '#/info'}}, correlation: '$message.payload#/{long}~', timeout: 'P{long}'}}}}}}\n"
    )

    start = time.perf_counter()
    ran = validate(tmp_path, "spec.yaml")

    assert ran.returncode == 2
    assert time.perf_counter() - start < 10
