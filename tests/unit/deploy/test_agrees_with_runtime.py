"""What the deployment files create is what `eda provision` would, for all services of a workspace together."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest

from eda_gen.config import Config
from eda_gen.emit.deploy import derive
from eda_gen.emit.deploy.topology import Topic
from eda_gen.emit.python.package import package_name
from eda_gen.model import Catalog
from eda_gen.passes import compile_workspace
from eda_runtime.transports.addresses import all_channels

EXAMPLES = ("shop", "travel")


def compiled(example: str) -> Catalog:
    found = sorted(Path("specs", example).glob("*.yaml"))
    result = compile_workspace([path for path in found if path.read_text("utf-8").startswith("asyncapi:")], Config())
    assert result.value is not None, result.diagnostics
    return result.value


def created(catalog: Catalog) -> list[Topic]:
    topologies = [derive(catalog, service).value for service in catalog.services]
    return [topic for each in topologies if each is not None for topic in (*each.owns, *each.dead_letters)]


def provisioned(example: str, catalog: Catalog) -> dict[str, tuple[int, timedelta]]:
    packages = [package_name(service.name) for service in catalog.services]
    topologies = [import_module(f"examples.{example}.{package}.channels").TOPOLOGY for package in packages]
    channels = [channel for each in topologies for channel in all_channels(each)]
    return {each.address: (each.partitions, each.retention) for each in channels}


@pytest.mark.parametrize("example", [name for name in EXAMPLES if Path("examples", name).is_dir()])
def test_deployment_files_create_what_the_runtime_would(example: str) -> None:
    catalog = compiled(example)

    topics = {each.address: (each.partitions, each.retention) for each in created(catalog)}

    assert topics == provisioned(example, catalog)


@pytest.mark.parametrize("example", EXAMPLES)
def test_nothing_is_created_twice(example: str) -> None:
    addresses = [each.address for each in created(compiled(example))]

    assert len(set(addresses)) == len(addresses) > 0
