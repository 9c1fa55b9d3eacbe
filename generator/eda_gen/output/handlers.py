"""What a module of the user's lacks, found by reading it, never by importing it."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from eda_gen.diagnostics import Diagnostic, Severity, Span

__all__ = ["missing_methods"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def missing_methods(path: Path, wanted: Sequence[str]) -> tuple[Diagnostic, ...]:
    """A warning where no class in the module at `path` has all that the spec asks for.

    Silent where there is nothing to judge by: no such file, or classes that inherit from elsewhere.
    """
    try:
        module = ast.parse(path.read_bytes())
    except OSError:
        return ()
    except (SyntaxError, ValueError) as broken:
        line = getattr(broken, "lineno", None) or 1
        return (
            Diagnostic(
                "EDA094", f"{path.name} is not Python: {broken}", Span(str(path), line), severity=Severity.WARNING
            ),
        )
    classes = {node.name: node for node in module.body if isinstance(node, ast.ClassDef)}
    handlers = classes.get("Handlers") or max(
        classes.values(), key=lambda cls: len(_methods(cls, classes) & set(wanted)), default=None
    )
    if handlers is None or _inherits_from_elsewhere(handlers, classes):
        return ()
    lacking = [name for name in wanted if name not in _methods(handlers, classes)]
    if not lacking:
        return ()
    message = f"{handlers.name} lacks what the spec receives: {', '.join(lacking)}"
    help = "add the methods; consumers.py shows their types"
    return (Diagnostic("EDA094", message, Span(str(path), handlers.lineno), help, Severity.WARNING),)


def _methods(cls: ast.ClassDef, classes: dict[str, ast.ClassDef], seen: frozenset[str] = frozenset()) -> set[str]:
    own = {node.name for node in cls.body if isinstance(node, _FUNCTIONS)}
    own |= {
        target.id
        for node in cls.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for base in cls.bases:
        if isinstance(base, ast.Name) and base.id in classes and base.id not in seen:
            own |= _methods(classes[base.id], classes, seen | {cls.name})
    return own


def _inherits_from_elsewhere(
    cls: ast.ClassDef, classes: dict[str, ast.ClassDef], seen: frozenset[str] = frozenset()
) -> bool:
    """The generated protocol does not count: what it declares it does not do."""
    for base in cls.bases:
        name = base.id if isinstance(base, ast.Name) else ""
        if name in classes and name not in seen:
            if _inherits_from_elsewhere(classes[name], classes, seen | {cls.name}):
                return True
        elif name not in classes and name != "object" and not name.endswith("Consumer"):
            return True
    return False
