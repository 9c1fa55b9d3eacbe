"""Generated Python as Black writes it by default."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor

__all__ = ["formatted"]

_WORTH_A_PROCESS = 200
"""Files; fewer are done sooner than another process starts."""


def formatted(files: Mapping[str, str]) -> dict[str, str]:
    """The same files, those of Python formatted."""
    python = {path: text for path, text in files.items() if path.endswith(".py")}
    return {**files, **dict(zip(python, _all(list(python.values())), strict=True))}


def _all(texts: list[str]) -> Iterable[str]:
    workers = min(os.cpu_count() or 1, 8)
    if len(texts) < _WORTH_A_PROCESS or workers == 1:
        return map(format_python, texts)
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(format_python, texts, chunksize=25))


def format_python(text: str) -> str:
    from black import format_str
    from black.mode import Mode, TargetVersion

    return format_str(text, mode=Mode(target_versions={TargetVersion.PY311}))
