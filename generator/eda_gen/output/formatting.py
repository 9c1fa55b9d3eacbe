"""Generated Python as Black writes it by default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version

from eda_gen.output.manifest import content_hash

__all__ = ["formatted", "source_hash"]

_WORTH_A_PROCESS = 200
"""Files; fewer are done sooner than another process starts."""


def formatted(files: Mapping[str, str]) -> dict[str, str]:
    """The same files, those of Python formatted."""
    python = {path: text for path, text in files.items() if path.endswith(".py")}
    return {**files, **dict(zip(python, _all(list(python.values())), strict=True))}


def source_hash(text: str) -> str:
    """What a formatted text depends on: the text before, and the Black that formats it."""
    return content_hash(f"{version('black')}\n{text}")


def _all(texts: list[str]) -> list[str]:
    workers = min(os.cpu_count() or 1, 8)
    if len(texts) < _WORTH_A_PROCESS or workers == 1:
        return [format_python(text) for text in texts]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(format_python, texts, chunksize=25))


def format_python(text: str) -> str:
    from black import format_str
    from black.mode import Mode, TargetVersion

    return format_str(text, mode=Mode(target_versions={TargetVersion.PY311}))
