"""What we say of a change is what a registry says of it, in every mode, over generated histories of schemas.

`EDA_REGISTRY_HISTORIES` is the number of histories in each language. Where the registry at hand is not of one mind with
Confluent's rules, `docs/registry.md` says so; nothing else may differ.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from jsonschema import Draft7Validator
from tests.conformance.registry.mutations import avro_history, json_history

from eda_gen.compat import Difference
from eda_gen.registry import Access, Registry
from eda_gen.registry.client import Answer, Registered
from eda_gen.registry.judge import breaks
from eda_gen.registry.reading import Readable, readable
from eda_gen.registry.schemas import SchemaText, SchemaType

pytestmark = pytest.mark.xdist_group("registry")

HISTORIES = int(os.environ.get("EDA_REGISTRY_HISTORIES", "75"))
LEVELS = tuple(name + more for name in ("BACKWARD", "FORWARD", "FULL") for more in ("", "_TRANSITIVE"))
DRAFT_7 = "http://json-schema.org/draft-07/schema#"

REFUSES_MORE = {
    "STRING_TYPE_FORMAT_ADDED": "Confluent's registry does not judge `format`",
    "OBJECT_TYPE_PROPERTY_SCHEMAS_CHANGED": "what a schema under `additionalProperties` covers is not looked into",
    "COMBINED_TYPE_CRITERION_NARROWED": "a schema that becomes, or was, one alternative of `oneOf` or `anyOf`",
    "COMBINED_TYPE_CRITERION_CHANGED": "a schema that becomes, or was, one alternative of `oneOf` or `anyOf`",
    "SUBSCHEMA_TYPE_CHANGED": "a schema that becomes, or was, one alternative of `oneOf` or `anyOf`",
}
"""Differences for which Apicurio Registry refuses what Confluent's takes, and about what."""
TAKES_MORE = {
    "property-removed": "additionalProperties",
    "property-added": "additionalProperties",
    **dict.fromkeys(("choice", "type", "length"), "anyOf"),
}
"""Rules of ours, and keywords without which Apicurio Registry does not take what they refuse."""


@dataclass(frozen=True, slots=True)
class Case:
    """Two schemas that a subject holds, and a third one that may come next."""

    registry: Registry
    subject: str
    held: tuple[SchemaText, ...]
    next: SchemaText

    def register(self) -> None:
        for number, schema in enumerate(self.held):
            assert self.registry.register(self.subject, schema).accepted
            if number == 0:
                self.registry.set_level(self.subject, "NONE")

    def theirs(self, level: str) -> Answer:
        self.registry.set_level(self.subject, level)
        answer = self.registry.would_take(self.subject, self.next, level)
        assert answer is not None
        assert answer.valid
        return answer

    def ours(self, level: str) -> tuple[Difference, ...]:
        new = self._readable(len(self.held), self.next)
        held = [self._readable(number, schema) for number, schema in enumerate(self.held)]
        return breaks(held, (new.root, new.schemas), level)

    def _readable(self, number: int, schema: SchemaText) -> Readable:
        return readable(Registered(self.subject, number + 1, 0, schema))

    def unexplained(self, level: str, ours: tuple[Difference, ...]) -> Iterator[str]:
        """Where the two disagree and no known difference between registries explains it."""
        theirs = self.theirs(level)
        if theirs.accepted and ours and not self._known_to_take(ours):
            yield f"{level}: taken, although {[each.message for each in ours]}: {self.held} {self.next}"
        if not theirs.accepted and not ours:
            why = self.registry.register(self.subject, self.next).why
            found = set(re.findall(r"([A-Z_]{6,}) at ", why))
            if not found or not found <= REFUSES_MORE.keys():
                yield f"{level}: refused for {why}: {self.held} {self.next}"

    def _known_to_take(self, ours: tuple[Difference, ...]) -> bool:
        text = "".join(each.text for each in (*self.held, self.next))
        return all(TAKES_MORE.get(each.rule.name, "\0") in text for each in ours)


@pytest.fixture
def server(registry_url: str) -> Registry:
    return Registry(Access.read(registry_url, {}))


@pytest.mark.parametrize(("kind", "history"), [("JSON", json_history), ("AVRO", avro_history)])
def test_a_registry_refuses_what_we_refuse_and_takes_what_we_take(
    server: Registry, kind: SchemaType, history: Callable[[Random, int], list[dict[str, Any]]]
) -> None:
    dialect = {"$schema": DRAFT_7} if kind == "JSON" else {}
    unexplained: list[str] = []
    verdicts: list[bool] = []

    for seed in range(HISTORIES):
        bodies = history(Random(seed), 3)
        texts = [SchemaText(kind, json.dumps({**dialect, **body})) for body in bodies]
        case = Case(server, f"{kind} {seed}", tuple(texts[:2]), texts[2])
        case.register()
        for level in LEVELS:
            ours = case.ours(level)
            unexplained += case.unexplained(level, ours)
            verdicts.append(not ours)

    assert unexplained == []
    assert 0.15 < sum(verdicts) / len(verdicts) < 0.85


MONEY = {"type": "object", "additionalProperties": {"type": "string"}}
TAKEN_BY_MISTAKE = {
    "a property that a schema for all others covered only in part": (
        {**MONEY, "properties": {}},
        {**MONEY, "properties": {"currency": {"type": "string", "enum": ["EUR"]}}},
        {"currency": "USD"},
    ),
    "null is no longer an alternative": (
        {"type": "object", "properties": {"note": {"oneOf": [{"type": "string"}, {"type": "null"}]}}},
        {"type": "object", "properties": {"note": {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "object"}]}}},
        {"note": None},
    ),
}


@pytest.mark.parametrize("about", TAKEN_BY_MISTAKE)
def test_what_some_registry_takes_and_we_refuse_is_refused_by_validators(about: str) -> None:
    old, new, value = TAKEN_BY_MISTAKE[about]
    held, after = (SchemaText("JSON", json.dumps({"$schema": DRAFT_7, **body})) for body in (old, new))

    ours = breaks([readable(Registered("s", 1, 1, held))], read(after), "BACKWARD")

    assert ours
    assert Draft7Validator(old).is_valid(value)
    assert not Draft7Validator(new).is_valid(value)


def read(schema: SchemaText) -> tuple[Any, Mapping[Any, Any]]:
    new = readable(Registered("s", 2, 2, schema))
    return new.root, new.schemas


CORPUS = os.environ.get("EDA_CORPUS")


@pytest.mark.skipif(CORPUS is None, reason="EDA_CORPUS names no corpus")
def test_the_registry_differs_from_confluents_published_verdicts_only_where_we_say_so(server: Registry) -> None:
    cases = json.loads((Path(CORPUS or "") / "compat" / "json-schema-cases.json").read_text())
    differing: list[str] = []

    for number, each in enumerate(cases):
        old, new = (
            SchemaText("JSON", json.dumps({"$schema": DRAFT_7, **each[name]}))
            for name in ("original_schema", "update_schema")
        )
        case = Case(server, f"case {number}", (old,), new)
        case.register()
        if case.theirs("BACKWARD").accepted is not each["compatible"]:
            differing.append(each["description"])

    assert set(differing) <= DIFFERING


DIFFERING = {
    "Detect property removed from partially open content model 1",
    "Detect property removed from partially open content model 5",
    "Detect changes to validation criteria in composed schema type for singleton",
    "Detect required array to be changed",
    "Detect adding empty schema to open content model",
    "Detect removing false from closed content model",
    "Detect adding empty schema to open content model for array",
    "Detect removing false from closed content model for array",
    "Detect change to oneOf schema",
    "Detect change to optional oneOf schema",
}
"""Cases of Confluent's that Apicurio Registry 3.0 judges otherwise: it refuses them, and `docs/registry.md` lists why."""
