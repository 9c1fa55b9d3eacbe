"""A workspace in which every text that a spec lets one choose is given from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from eda_gen.config import Config
from eda_gen.model import Catalog
from eda_gen.passes import compile_workspace

__all__ = ["TRAPS", "hostile_catalog"]

TRAPS = (
    "end",
    "a; b",
    "subgraph",
    "participant x as y",
    "#59; #quot; &lt;",
    '<script>alert("x")</script>',
    "a --> b",
    "Note over p1: x",
    "%% comment",
    "%%{init: {'theme': 'dark'}}%%",
    "back`tick` and ```mermaid",
    'quo"te and \\"',
    "[x](javascript:alert(1))",
    "line\nbreak\r\nhere",
    "$$x^2$$",
    "style a:#fff;",
    "classDef x:#f;",
    "1. first",
    "- item",
    "_it_ *is* __so__",
    "ﬂ°°59¶ß",
    "-->>",
    "::: x",
    "@{ shape: rect }",
    "---",
    "{{x}} [[y]] ((z))",
    "title: t",
    "wrap: w",
    "\u202eright to left\u200b",
    "日本語 Ωmega ñandú 🎉",
    "o",
    "x",
    "state",
    "[*]",
    "<<choice>>",
    "very long " * 60,
    "~1~0/..",
    " ",
    "\ufeff\u0007",
)


_NOT_IN_ADDRESSES = str.maketrans("", "", "#?{}")


def hostile_catalog(texts: Sequence[str], folder: Path) -> Catalog:
    """One document with an orchestrated and a choreographed saga, its names and descriptions taken from `texts` in turn."""
    spec = folder / "spec.json"
    spec.write_text(json.dumps(_document(_again_and_again(texts))), "utf-8")
    compiled = compile_workspace([spec], Config())
    assert compiled.value is not None, compiled.diagnostics
    return compiled.value


def _again_and_again(texts: Sequence[str]) -> Iterator[str]:
    while True:
        yield from texts


def _document(texts: Iterator[str]) -> Mapping[str, object]:
    messages = {f"m{number}": _message(texts) for number in range(11)}
    addresses = [f"{number}{next(texts)}".translate(_NOT_IN_ADDRESSES) for number in range(2)]
    return {
        "asyncapi": "3.1.0",
        "info": {"title": f"t{next(texts)}", "version": "1", "description": next(texts), "x-eda": {"service": "end"}},
        "channels": {f"c{number}": {"address": each, "messages": messages} for number, each in enumerate(addresses)},
        "operations": {
            "place": _operation("send", "end", (0, 5, 6)),
            f"r{next(texts)}": _operation("receive", "subgraph", (0, 1, 2), emits=(3, 4), group=f"g{next(texts)}"),
            f"s{next(texts)}": _operation("send", "subgraph", (3, 4)),
            f"p{next(texts)}": _operation("receive", "graph", (3, 4), emits=(5, 6)),
            f"q{next(texts)}": _operation("send", "graph", (5, 6)),
        },
        "x-eda": {"sagas": {f"O{next(texts)}": _orchestration(texts), f"C{next(texts)}": _choreography()}},
    }


def _message(texts: Iterator[str]) -> Mapping[str, object]:
    key = next(texts).replace("~", "").replace("/", "") or "id"
    return {
        "name": next(texts) or "x",
        "title": next(texts),
        "description": next(texts),
        "payload": {"type": "object", "properties": {key: {"type": "string"}}},
        "x-eda": {"key": f"$message.payload#/{key}"},
    }


def _operation(
    action: str, service: str, messages: Sequence[int], emits: Sequence[int] = (), group: str | None = None
) -> Mapping[str, object]:
    extension: dict[str, object] = {"service": service}
    extension |= {"emits": [_ref(each) for each in emits]} if emits else {}
    extension |= {"group": group} if group else {}
    channel = {"$ref": "#/channels/c0"}
    return {"action": action, "channel": channel, "messages": [_ref(each) for each in messages], "x-eda": extension}


def _orchestration(texts: Iterator[str]) -> Mapping[str, object]:
    steps = [_step(f"a{next(texts)}"), _step(f"b{next(texts)}"), {**_step(f"c{next(texts)}"), "pivot": True}]
    last = _step(f"d{next(texts)}")
    return {
        "starts": _ref(0),
        "timeout": "P1D",
        "completes": _ref(9),
        "fails": _ref(10),
        "steps": [{"name": f"e{next(texts)}", "parallel": steps[:2]}, steps[2], last],
    }


def _step(name: str) -> Mapping[str, object]:
    return {
        "name": name,
        "send": _ref(1),
        "success": [_ref(3), _ref(7)],
        "failure": [_ref(4)],
        "compensate": _ref(2),
        "timeout": "PT5M",
    }


def _choreography() -> Mapping[str, object]:
    return {"style": "choreography", "starts": _ref(0), "completes": _ref(5), "fails": _ref(6)}


def _ref(message: int) -> Mapping[str, str]:
    return {"$ref": f"#/channels/c0/messages/m{message}"}
