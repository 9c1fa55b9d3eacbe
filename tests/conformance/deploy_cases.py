"""Workspaces whose deployment files are given to the tools that will read them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from eda_gen.config import Config
from eda_gen.emit import load_target
from eda_gen.model import Catalog
from eda_gen.passes import compile_workspace

__all__ = ["CASES", "generated"]

CASES = ("shop", "bindings", "hostile")
HOSTILE = (
    "${aws_sqs_queue.this}",
    "%{ for x in y }",
    "$${already} %%{escaped}",
    "{{ now }} {% raw %}",
    "#{ruby} !Ref x",
    'quote " end\n} resource "x" "y" {',
    "line\nkey: value\n--- # comment",
    "<<EOF\nx\nEOF",
    "*/ // /* -- '",
    "\\u0024{x} \\",
    "'single' `back` $(sub)",
    "日本語 \u202e\u200b 🎉",
    "\ufeff\u0007",
    "very long " * 10,
    "yes",
    "0x1F",
    "null",
    "- [a, b]",
    "{a: b}",
    "a.b",
    "a_b",
    "a-b",
    "A.B",
)
_STRICT = ("deploy-kafka", "deploy-nats")
"""Targets that cannot use another name than the spec's, and so refuse what is illegal."""


def generated(case: str, target: str, folder: Path) -> Mapping[str, str]:
    """The files that `target` makes of every service of a case, by path, written to `folder` too."""
    emit = load_target(target)
    files: dict[str, str] = {}
    catalog = compiled(case, folder, strict=target in _STRICT)
    for service in catalog.services:
        result = emit(catalog, service)
        assert result.value is not None, result.diagnostics
        files |= {f"{result.value.name}/{path}": text for path, text in result.value.files.items()}
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, "utf-8")
    return files


def compiled(case: str, folder: Path, *, strict: bool) -> Catalog:
    specs = {
        "shop": [Path("specs/shop", f"{name}.yaml") for name in ("orders", "inventory", "payments", "shipping")],
        "bindings": [Path("tests/golden/deploy-bindings/specs/meters.yaml")],
        "hostile": [folder / "hostile.json"],
    }
    if case == "hostile":
        specs[case][0].write_text(json.dumps(hostile_document(strict)), "utf-8")
    result = compile_workspace(specs[case], Config())
    assert result.value is not None, result.diagnostics
    return result.value


def hostile_document(strict: bool) -> Mapping[str, object]:
    """A service that sends to and receives from a channel for each hostile text, named by it wherever it may be.

    With `strict`, addresses and groups are harmless.
    """
    rest = {"kind": "event", "key": "$message.payload#/id"}
    channels, operations = {}, {}
    for number, text in enumerate(HOSTILE):
        address = f"hostile.c{number}" if strict else f"{text.translate(_NOT_IN_ADDRESSES)}{number}"
        group = f"g{number}" if strict else f"{text}!{number}"
        message = {"name": f"{text}{number}", "title": text, "description": text, "x-eda": rest}
        channels[f"c{number}"] = {
            "address": address,
            "description": text,
            "title": text,
            "messages": {f"m{number}": {**message, "payload": {"type": "object"}}},
            "x-eda": {"partitions": 2},
            "bindings": {"googlepubsub": {"labels": {"text": text}}},
        }
        there = {"channel": {"$ref": f"#/channels/c{number}"}, "description": text}
        operations[f"send {text}"] = {**there, "action": "send"}
        operations[f"receive {text}"] = {
            **there,
            "action": "receive",
            "x-eda": {"group": group, **({"deadLetter": {"address": f"dead.{number}"}} if strict else {})},
        }
    return {
        "asyncapi": "3.1.0",
        "info": {"title": HOSTILE[-1] + "${x}\n", "version": "1", "description": "\n".join(HOSTILE)},
        "channels": channels,
        "operations": operations,
    }


_NOT_IN_ADDRESSES = str.maketrans("", "", "#?{}")
