"""Every code that reading and generating can report, with what it means. Rules of lint tell theirs in their docstrings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["CODES"]

_READING: Final = {
    "EDA001": "A file cannot be read, or no spec was given.",
    "EDA002": "A file is not YAML or JSON in UTF-8, or it is empty.",
    "EDA003": "An input is larger, deeper or repeats more than any spec that a person writes; the message names the limit.",
    "EDA004": "A key stands twice in one mapping: which value was meant?",
    "EDA005": "A file holds several YAML documents; a spec is one.",
    "EDA006": "A key is not text. AsyncAPI limits keys to YAML's strings, which excludes merge keys too.",
    "EDA007": "A value has no meaning in JSON: a tag, a number that is not finite, a number of very many digits.",
    "EDA008": "A YAML alias names no anchor before it, or stands inside of what it repeats.",
    "EDA010": "A reference leads into a document to a place that is not there.",
    "EDA011": "The text of a reference is not a relative path with a JSON pointer.",
    "EDA012": "A reference leads out of the workspace, perhaps through a symbolic link.",
    "EDA013": "A reference leads to the network. Nothing is read from there: builds must not depend on it.",
    "EDA014": "References lead in a circle, or through very many others, and never to a value.",
    "EDA020": "The configuration file cannot be read, or is not TOML.",
    "EDA021": "The configuration holds an unknown setting, or a value of the wrong type.",
}

_REGISTRY: Final = {
    "EDA030": "A schema registry cannot be reached, refuses us, or fails.",
    "EDA031": "Different messages, or different schemas of one version, would share a subject of the schema registry.",
    "EDA032": "A channel's address is unknown or has parameters, so that no subject can be named after it.",
    "EDA033": "A message has no schema that a registry can hold, or not all of it.",
    "EDA034": "The schema registry refuses a schema: it is not compatible with what its subject holds.",
    "EDA035": "The schema registry takes a schema for no schema of its language.",
    "EDA036": "The schema registry takes a schema that breaks by our rules.",
}

_STRUCTURE: Final = {
    "EDA100": "A file is not an AsyncAPI document of a version that is read: 2.0 to 2.6, 3.0, 3.1.",
    "EDA101": "An object lacks a field that the specification requires.",
    "EDA102": "An object has a field that the specification does not know; extensions start with `x-`.",
    "EDA103": "A value is of another type than the specification asks for.",
    "EDA104": "A value is not among those that are allowed, or out of its range.",
    "EDA105": "A text is not in the format that the specification asks for, such as a URL or a runtime expression.",
    "EDA106": "A key has characters that the specification does not allow.",
    "EDA107": "Something that must be unique stands twice: a tag, an operationId, an element of a set.",
    "EDA108": "A reference is missing where only one may stand, or leads to another kind of place than it may.",
    "EDA109": "A channel names a server that the document does not have.",
    "EDA110": "A security requirement names a scheme that the document does not have.",
    "EDA111": "A security requirement asks for scopes that its scheme does not have.",
    "EDA112": "A server's address has a `{variable}` that its `variables` do not describe.",
    "EDA113": "A discriminator is not a required property of its schema.",
    "EDA114": "Something that is not a schema stands where a schema should.",
    "EDA115": "The `{parameters}` of an address and its `parameters` do not agree.",
    "EDA116": "Bindings are for a protocol that the specification does not name.",
    "EDA130": "A schema is in a format that is not read, so that any payload is accepted.",
    "EDA131": "A schema that is not JSON Schema stays on the network, so that any payload is accepted.",
    "EDA301": "Two documents describe a service of the same name.",
    "EDA305": "Two receive operations of a service share a consumer group, so each would lose what the other takes.",
}

_GENERATING: Final = {
    "EDA090": "A generated file was edited, or a file that was not generated is in its place.",
    "EDA092": "A file cannot be read or written where code is generated.",
    "EDA094": "A module of yours lacks methods that the spec asks for.",
    "EDA095": "Two services would be written to one folder.",
    "EDA096": "Nothing that is configured writes a generated folder any more: its service was renamed, or is gone.",
    "EDA097": "A module of yours imports what is no longer generated.",
    "EDA098": "Generated code wants an argument that it did not want before, for what only a person can write.",
    "EDA191": "An address begins with a parameter, so that no rights can be given to its topics alone.",
    "EDA192": "An Avro or Protobuf schema cannot be read.",
    "EDA193": "No class can be made of a payload's schema.",
    "EDA194": "A saga sends a message for which there is no address.",
    "EDA195": "A name that the spec gives cannot be used on the broker that configuration is generated for.",
    "EDA196": "An address has parameters whose values the spec does not list, so that nothing can create its topics.",
    "EDA197": "Debezium reads the outbox from PostgreSQL only, and the service has another store.",
    "EDA198": "Dead letters have the address of another service's, or the name of a consumer group.",
    "EDA199": "A reply need not say which instance of a saga it is for, and Temporal cannot look it up.",
}

_SUBJECTS: Final = {
    2: "events",
    3: "ownership",
    4: "versions",
    5: "delivery",
    6: "sagas",
    7: "observability",
    8: "dead letters",
}

_EXTENSION: Final = {
    "91": "lacks a field that it needs",
    "92": "has a field that is not known; the message says which one may be meant",
    "93": "holds a value of the wrong type",
    "94": "holds a value that is not allowed, or fields that do not stand together",
    "95": "holds a text in the wrong format, such as a duration or a runtime expression",
}


def _of_extension() -> Mapping[str, str]:
    return {
        f"EDA{group}{number}": f"The part of `x-eda` for {subject} {what}."
        for group, subject in _SUBJECTS.items()
        for number, what in _EXTENSION.items()
    }


CODES: Final[Mapping[str, str]] = MappingProxyType(
    {**_READING, **_REGISTRY, **_STRUCTURE, **_GENERATING, **_of_extension()}
)
"""One sentence for each code."""
