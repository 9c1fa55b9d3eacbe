"""Generated custom resources fit their CRDs, and generated Compose files the Compose Specification.

No package registry has those schemas, so `deploy_schemas/` holds the parts that are generated, written by hand and closed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from tests.conformance.deploy_cases import CASES, generated

SCHEMAS = Path(__file__).parent / "deploy_schemas"


def problems(schema: str, document: object) -> list[str]:
    validator = Draft202012Validator(json.loads((SCHEMAS / f"{schema}.json").read_text("utf-8")))
    return [error.message for error in validator.iter_errors(document)]


def resources(case: str, target: str, name: str, folder: Path) -> Iterator[dict[str, dict[str, str]]]:
    for path, text in generated(case, target, folder).items():
        if path.endswith(name):
            yield from yaml.safe_load_all(text)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("target", "name"), [("deploy-kafka", "strimzi.yaml"), ("deploy-nats", "nack.yaml")])
def test_custom_resources_fit_their_definitions(case: str, target: str, name: str, tmp_path: Path) -> None:
    found = list(resources(case, target, name, tmp_path))

    assert found
    assert [problem for each in found for problem in problems("kubernetes", each)] == []


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("target", "name"), [("deploy-kafka", "strimzi.yaml"), ("deploy-nats", "nack.yaml")])
def test_no_two_custom_resources_of_a_workspace_have_one_name(
    case: str, target: str, name: str, tmp_path: Path
) -> None:
    names = [(each["kind"], each["metadata"]["name"]) for each in resources(case, target, name, tmp_path)]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", CASES)
def test_compose_files_fit_the_specification_and_name_what_is_there(case: str, tmp_path: Path) -> None:
    files = list(resources(case, "deploy-compose", "compose.yaml", tmp_path))

    assert files
    for file in files:
        assert problems("compose", file) == []
        needed = {each for service in file["services"].values() for each in service.get("depends_on", ())}  # type: ignore[attr-defined]
        assert needed <= file["services"].keys()


def test_what_services_share_in_compose_files_is_the_same_in_each(tmp_path: Path) -> None:
    files = list(resources("shop", "deploy-compose", "compose.yaml", tmp_path))

    assert len({json.dumps(file["services"]["postgresql"]) for file in files}) == 1


@pytest.mark.parametrize("wrong", [{"partitions": 0}, {"partition": 1}, {"topicName": "a b"}])
def test_the_schemas_refuse_what_is_wrong(wrong: dict[str, object]) -> None:
    topic = {"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaTopic", "metadata": {"name": "a"}}

    assert problems("kubernetes", {**topic, "spec": {"topicName": "a"}}) == []
    assert problems("kubernetes", {**topic, "spec": {"topicName": "a", **wrong}}) != []
