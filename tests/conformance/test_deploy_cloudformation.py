"""cfn-lint finds nothing in generated CloudFormation."""

from __future__ import annotations

from pathlib import Path

import pytest
from cfnlint import lint
from tests.conformance.deploy_cases import CASES, generated


@pytest.mark.parametrize("case", CASES)
def test_cfn_lint_finds_nothing(case: str, tmp_path: Path) -> None:
    templates = [
        text for path, text in generated(case, "deploy-eventbridge", tmp_path).items() if path.endswith(".yaml")
    ]

    found = [match for template in templates for match in lint(template, regions=["eu-central-1"])]

    assert templates
    assert found == []


def test_cfn_lint_finds_what_is_wrong(tmp_path: Path) -> None:
    files = generated("shop", "deploy-eventbridge", tmp_path)
    template = files["orders-eventbridge/cloudformation.yaml"].replace("RetentionDays: 7", "RetentionDays: seven")

    assert lint(template, regions=["eu-central-1"]) != []
