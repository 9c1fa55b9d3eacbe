"""Terraform reads what is generated for it: `terraform validate` where it and the provider are, an HCL parser everywhere.

`EDA_TERRAFORM_PLUGINS` may name a folder of providers (`terraform init -plugin-dir`), for machines without a network.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path

import hcl2
import pytest
from tests.conformance.deploy_cases import CASES, HOSTILE, generated

from eda_gen.emit.deploy.text import hcl

TERRAFORM = shutil.which("terraform")
PLUGINS = os.environ.get("EDA_TERRAFORM_PLUGINS")
needs_terraform = pytest.mark.skipif(TERRAFORM is None, reason="terraform is not installed")


def terraform(folder: Path, *arguments: str, says: str = "") -> subprocess.CompletedProcess[str]:
    assert TERRAFORM is not None
    environment = {name: value for name, value in os.environ.items() if name != "TF_CLI_CONFIG_FILE"}
    return subprocess.run(
        [TERRAFORM, *arguments],
        cwd=folder,
        env=environment | {"CHECKPOINT_DISABLE": "1"},
        input=says,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("target", ["deploy-kafka", "deploy-pubsub", "deploy-eventbridge"])
def test_a_parser_of_hcl_reads_every_file(case: str, target: str, tmp_path: Path) -> None:
    files = {path: text for path, text in generated(case, target, tmp_path).items() if path.endswith(".tf")}

    parsed = [hcl2.loads(text) for text in files.values()]

    assert files
    assert all({"terraform", "locals", "resource"} <= each.keys() for each in parsed)


@needs_terraform
@pytest.mark.parametrize("case", CASES)
def test_terraform_lays_every_file_out_as_it_is(case: str, tmp_path: Path) -> None:
    for target in ("deploy-kafka", "deploy-pubsub", "deploy-eventbridge"):
        generated(case, target, tmp_path)

    result = terraform(tmp_path, "fmt", "-recursive", "-check", "-diff")

    assert (result.returncode, result.stdout) == (0, "")


@needs_terraform
def test_terraform_reads_back_what_the_spec_says(tmp_path: Path) -> None:
    texts = [*HOSTILE, "".join(map(chr, range(1, 300))), "$${a} %%{b} $$$ %{", "\U0001f389 \U000e0001"]
    lines = "".join(f"    {hcl(text)},\n" for text in texts)
    (tmp_path / "main.tf").write_text(f"locals {{\n  texts = [\n{lines}  ]\n}}\n", "utf-8")

    result = terraform(tmp_path, "console", says="base64encode(jsonencode(local.texts))\n")

    assert result.returncode == 0, result.stderr
    assert json.loads(base64.b64decode(json.loads(result.stdout))) == texts


@needs_terraform
@pytest.mark.skipif(PLUGINS is None, reason="EDA_TERRAFORM_PLUGINS names no folder that holds the AWS provider")
@pytest.mark.parametrize("case", CASES)
def test_terraform_validates_eventbridge(case: str, tmp_path: Path) -> None:
    """One service of each case, as each takes the provider some seconds to start."""
    generated(case, "deploy-eventbridge", tmp_path)
    folder = min(path.parent for path in tmp_path.rglob("*.tf"))
    ready = terraform(folder, "init", "-backend=false", f"-plugin-dir={PLUGINS}")
    assert ready.returncode == 0, ready.stderr

    result = terraform(folder, "validate", "-json")

    assert json.loads(result.stdout)["diagnostics"] == []
