"""What a module of the user's lacks, found by reading it, never by importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from eda_gen.diagnostics import Diagnostic, Severity, Span
from eda_gen.output.plan import Change

__all__ = ["broken_imports", "missing_methods", "new_arguments"]

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


def broken_imports(folder: Path, files: Mapping[str, str]) -> Iterator[Diagnostic]:
    """A warning for each import by which a module of the user's, beside the generated `files`, asks for what is gone."""
    for path in sorted(folder.glob("*.py")):
        for node in _imports(path) if path.name not in files else ():
            if gone := _gone(node, folder, files):
                message = f"{path.name} imports what is no longer generated: {', '.join(gone)} from .{node.module}"
                help = "remove the import, and what uses it"
                yield Diagnostic("EDA097", message, Span(str(path), node.lineno), help, Severity.WARNING)


def new_arguments(
    folder: Path, changes: Sequence[Change], methods: Mapping[str, Sequence[str]]
) -> Iterator[Diagnostic]:
    """A warning for each argument that `create_app` wants from now on, and whose methods are to be written by hand."""
    app = next((each for each in changes if each.path == folder / "app.py"), None)
    if app is None or app.before is None or app.after is None:
        return
    known = _arguments(app.before)
    for name in _arguments(app.after):
        if name not in known and name != "settings":
            told = f"`create_app` now also wants `{name}`"
            if written := methods.get(f"{name.removesuffix('_messages')}.py"):
                told += f", for what the spec leaves to code: {', '.join(written)}"
            help = f"write {folder / name.removesuffix('_messages')}.py, and give `create_app` an instance of its class"
            yield Diagnostic("EDA098", told, _call_of_create_app(folder) or Span(str(app.path)), help, Severity.WARNING)


def _arguments(source: str) -> list[str]:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return []
    found = (each for each in body if isinstance(each, ast.FunctionDef) and each.name == "create_app")
    return [argument.arg for function in found for argument in function.args.args]


def _call_of_create_app(folder: Path) -> Span | None:
    """Where `handlers.py` makes the application."""
    path = folder / "handlers.py"
    try:
        calls = [node for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)]
    except (OSError, SyntaxError, ValueError):
        return None
    made = (node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "create_app")
    return next((Span(str(path), node.lineno, node.col_offset + 1) for node in made), None)


def _gone(node: ast.ImportFrom, folder: Path, files: Mapping[str, str]) -> list[str]:
    """The names that an import asks for and that the generated module does not have; none of a module of the user's."""
    place = (node.module or "").replace(".", "/")
    source = files.get(f"{place}.py", files.get(f"{place}/__init__.py"))
    names = [each.name for each in node.names]
    if source is None:
        is_ours = any(path.startswith(f"{place.partition('/')[0]}/") for path in files)
        return names if is_ours and not _is_theirs(folder / f"{place}.py") else []
    there = _names(ast.parse(source)) | {"*"}
    return [name for name in names if name not in there and f"{place}/{name}.py" not in files]


def _imports(path: Path) -> Iterator[ast.ImportFrom]:
    """`from .module import …` at the top of a file; none of a file that is not Python, which is told elsewhere."""
    try:
        body = ast.parse(path.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return
    yield from (node for node in body if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module)


def _is_theirs(path: Path) -> bool:
    return path.is_file() and not path.read_bytes().startswith(b"# Generated by eda-gen")


def _names(module: ast.Module) -> set[str]:
    """What a module defines or imports at its top, by reading what is bound there."""
    bound = {node.id for node in ast.walk(module) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in module.body:
        if isinstance(node, (ast.ClassDef, *_FUNCTIONS)):
            bound.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {each.asname or each.name for each in node.names}
    return bound


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
