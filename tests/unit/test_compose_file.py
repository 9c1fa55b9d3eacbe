"""The containers of `make services-up` are those that the tests know how to reach."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import yaml
from tests.services import compose

SCHEMA = Path(__file__).parents[1] / "conformance" / "deploy_schemas" / "compose.json"


def test_each_container_has_its_ports_and_its_url() -> None:
    text = compose.FILE.read_text()
    document = yaml.safe_load(re.sub(r"\$\{\w+\}", "4000", text))
    services = document["services"]
    reached = {port for _, url in compose.URLS.values() for port in re.findall(r"\{(\w+)\}", url)}

    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    assert set(services) == set(compose.URLS)
    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(compose.PORTS) == reached
    assert all("healthcheck" in service for service in services.values())
