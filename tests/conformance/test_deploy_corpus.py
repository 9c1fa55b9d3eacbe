"""Deployment files of documents that nobody here wrote: each target makes files that can be read, or says why not.

`EDA_CORPUS` says where the documents are, as for `test_asyncapi_corpus`.
"""

from __future__ import annotations

import json
import os
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml

from eda_gen.config import Config
from eda_gen.emit import load_target
from eda_gen.passes import compile_workspace

CORPUS = os.environ.get("EDA_CORPUS")
TARGETS = sorted(each.name for each in entry_points(group="eda_gen.targets") if each.name.startswith("deploy-"))
REFUSALS = {"EDA194", "EDA195", "EDA198"}

pytestmark = pytest.mark.skipif(CORPUS is None, reason="left out: EDA_CORPUS does not say where the corpus is")


class Loader(yaml.SafeLoader):
    """Knows CloudFormation's short forms."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: f"{suffix} {node.value}")


def documents() -> list[Path]:
    found = (Path(CORPUS or "").resolve() / "asyncapi" / "official").rglob("*.y*ml")
    return sorted(path for path in found if path.read_text("utf-8").startswith("asyncapi:"))


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_makes_readable_files_of_every_official_document_or_says_why_not(target: str) -> None:
    made = 0
    for document in documents():
        catalog = compile_workspace([document], Config()).value
        assert catalog is not None
        for service in catalog.services:
            result = load_target(target)(catalog, service)
            if result.value is None:
                assert {each.code for each in result.diagnostics} <= REFUSALS
                continue
            made += 1
            for path, text in result.value.files.items():
                if path.endswith(".json"):
                    json.loads(text)
                elif path.endswith(".yaml"):
                    list(yaml.load_all(text, Loader))
    assert made > 5
