"""`docs/x-eda.md` tells every field of the extension with its default, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from eda_gen.asyncapi.values import parse_duration
from eda_gen.model.delivery import DeadLetter, Retry
from eda_gen.passes import defaults

ROOT = Path(__file__).parents[3]
DEFINITIONS = json.loads((ROOT / "specs" / "x-eda.schema.json").read_text("utf-8"))["definitions"]
SECTIONS = {
    "`info.x-eda`": "info",
    "`x-eda` of a channel": "channel",
    "`x-eda` of a message": "messageExtension",
    "`x-eda` of an operation": "operation",
    "`x-eda.sagas`": "saga",
    "A step": "step",
}
IN_CODE = {
    "info.store": defaults.STORE,
    "channel.partitions": defaults.PARTITIONS,
    "channel.retention": defaults.RETENTION,
    "messageExtension.version": defaults.MESSAGE_VERSION,
    "operation.idempotency.window": defaults.IDEMPOTENCY_WINDOW,
    "operation.retry.attempts": Retry().attempts,
    "operation.retry.backoff": Retry().backoff.value,
    "operation.retry.initial": Retry().initial,
    "operation.retry.max": Retry().max,
    "operation.retry.jitter": Retry().jitter,
    "operation.deadLetter.address": defaults.dead_letter_address("<address>", "<group>"),
    "operation.deadLetter.retention": DeadLetter("").retention,
    "operation.concurrency": defaults.CONCURRENCY,
    "operation.batch": defaults.BATCH,
}


def documented() -> dict[str, dict[str, str]]:
    """Of each part of the schema: its fields in the page, with the text of their default."""
    page = (ROOT / "docs" / "x-eda.md").read_text("utf-8")
    tables: dict[str, dict[str, str]] = {}
    for section in re.split(r"^##+ ", page, flags=re.MULTILINE)[1:]:
        part = next(name for title, name in SECTIONS.items() if section.startswith(title))
        rows = re.findall(r"^\| `([\w.*]+)` \|.*\| (.*?) ?\|$", section, re.MULTILINE)
        tables[part] = {field: default.strip() for field, default in rows}
    return tables


def fields(part: str) -> Iterator[tuple[str, str]]:
    """Each field below a part of the schema by its path, with its description."""

    def below(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
        for name, each in schema.get("properties", {}).items():
            yield f"{path}{name}", each.get("description", "")
            if part != "step":
                target = DEFINITIONS[each["$ref"].rpartition("/")[2]] if "$ref" in each else each
                yield from below(target.get("items", target) if part != "saga" else {}, f"{path}{name}.")
                if isinstance(entry := each.get("additionalProperties"), dict):
                    yield from below(entry, f"{path}{name}.*.")

    return below(DEFINITIONS[part], "")


@pytest.mark.parametrize("part", SECTIONS.values())
def test_the_page_has_each_field_of_the_schema_and_no_other(part: str) -> None:
    ours = {name for name, _ in fields(part) if not name.endswith(".$ref")}

    assert set(documented()[part]) == ours


@pytest.mark.parametrize("part", SECTIONS.values())
def test_a_default_that_the_schema_states_is_the_one_in_the_page(part: str) -> None:
    for name, description in fields(part):
        if stated := re.search(r"Default:? (\S+?)\.?$", description):
            row = documented()[part].get(name) or documented()[part][f"{name}.window"]
            assert row.replace("`", "") == stated[1], name


@pytest.mark.parametrize("field", IN_CODE)
def test_a_default_in_the_page_is_the_one_in_the_code(field: str) -> None:
    part, _, name = field.partition(".")
    told = re.findall(r"`(.+?)`", documented()[part][name])[-1]

    assert str(parse_duration(told) or told) == str(IN_CODE[field])
