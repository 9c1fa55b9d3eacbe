"""Packages that a service left behind when it was renamed or went away."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from eda_gen.diagnostics import Diagnostic, Severity, Span
from eda_gen.output.manifest import MANIFEST

__all__ = ["is_generated", "leftovers"]


def is_generated(path: Path) -> bool:
    """Whether a file lies in a folder that was generated."""
    return any((folder / MANIFEST).is_file() for folder in path.parents)


def leftovers(outputs: Collection[Path], planned: Collection[Path]) -> Iterator[Diagnostic]:
    """A warning for each folder in `outputs` that was generated and is not among the `planned` ones. None is removed:
    handlers in it are the user's."""
    for manifest in sorted({found for output in outputs for found in output.glob(f"*/{MANIFEST}")}):
        if manifest.parent not in planned and '"generator": "eda-gen ' in manifest.read_text("utf-8", "replace"):
            message = f"{manifest.parent} was generated once, and nothing that is configured writes it any more"
            help = "move what is yours in it, such as handlers.py, and delete the folder"
            yield Diagnostic("EDA096", message, Span(str(manifest.parent)), help, Severity.WARNING)
