"""The one place that knows datamodel-code-generator: definitions in, the source of their classes out."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eda_gen.emit.python.shapes import Definition, Plain

__all__ = ["ClassSource", "GenerationFailed", "generate_classes"]


class GenerationFailed(Exception):
    """The library could not make classes of these definitions."""


@dataclass(frozen=True, slots=True)
class ClassSource:
    """A class as source, in which other definitions go by their keys. `imports` are names by the modules they are from."""

    key: str
    source: str
    uses: tuple[str, ...]
    imports: tuple[tuple[str, str], ...]


def generate_classes(definitions: Mapping[str, Definition], prefix: str) -> dict[str, ClassSource]:
    """One call for all definitions: its fixed cost is that of many classes.

    Raises `GenerationFailed`.
    """
    if not definitions:
        return {}
    text = _generated({key: definition.body for key, definition in definitions.items()})
    module = ast.parse(text)
    origins = _origins(module)
    lines = text.splitlines(keepends=True)
    sources = {node.name: _source(node, lines) for node in module.body if isinstance(node, ast.ClassDef)}
    missing = definitions.keys() - sources.keys()
    strays = sources.keys() - definitions.keys() - {"Model"}
    if missing or strays:
        raise GenerationFailed(f"unexpected classes: {', '.join(sorted(missing | strays))}")
    token = re.compile(rf"\b{prefix}\d+\b")
    inline = {key: _root_type(sources[key]) for key, definition in definitions.items() if definition.inline}
    return {
        key: _class_source(key, _spliced(sources[key], inline, token), origins, token)
        for key, definition in definitions.items()
        if not definition.inline
    }


def _generated(bodies: Mapping[str, Plain]) -> str:
    from datamodel_code_generator import generate
    from datamodel_code_generator.config import GenerateConfig
    from datamodel_code_generator.enums import DataModelType, InputFileType
    from datamodel_code_generator.format import PythonVersion

    config = GenerateConfig(
        input_file_type=InputFileType.JsonSchema,
        output_model_type=DataModelType.PydanticV2BaseModel,
        target_python_version=PythonVersion.PY_311,
        base_class="eda_runtime.Event",
        aliases=_field_names(bodies),
        use_annotated=True,
        snake_case_field=True,
        strict_nullable=True,
        use_schema_description=True,
        use_field_description=True,
        use_single_line_docstring=True,
        capitalise_enum_members=True,
        set_default_enum_member=True,
        field_extra_keys={"x-nullable"},
        custom_file_header="#",
        formatters=[],
    )
    document = {"$schema": "http://json-schema.org/draft-07/schema#", "$defs": bodies}
    try:
        text = generate(document, config=config)
    except Exception as failure:  # the library raises whatever it meets; the caller says which schema it was
        raise GenerationFailed(f"{type(failure).__name__}: {failure}") from failure
    if not isinstance(text, str):
        raise GenerationFailed("no single module came back")
    return text


_UNUSABLE = frozenset(
    (
        "str",
        "int",
        "float",
        "bool",
        "list",
        "dict",
        "tuple",
        "date",
        "datetime",
        "time",
        "self",
        "cls",
        "type",
        "property",
        "object",
    )
)
"""As fields these would hide what annotations or methods of the class mean."""

_PROTECTED = ("model_dump", "model_validate")
"""Beginnings of names that pydantic keeps for itself."""


def _field_names(bodies: Mapping[str, Plain]) -> dict[str, str]:
    """Other names for fields that are unusable, by `<class>.<property>`."""
    names: dict[str, str] = {}
    for key, body in bodies.items():
        properties = body.get("properties")
        known = sorted(properties) if isinstance(properties, dict) else []
        taken = {re.sub(r"\W", "_", name).lower() for name in known}
        for name in known:
            if usable := _usable(re.sub(r"\W", "_", name).lower()):
                names[f"{key}.{name}"] = free = _free(usable, taken)
                taken.add(free)
    return names


def _usable(name: str) -> str | None:
    """Another name for one that is not usable as it is."""
    if name.startswith(_PROTECTED):
        return f"field_{name}"
    return f"{name}_" if name in _UNUSABLE else None


def _free(name: str, taken: set[str]) -> str:
    return name if name not in taken else _free(f"{name}_", taken)


def _origins(module: ast.Module) -> dict[str, str]:
    """The module that each imported name is from."""
    imports = (node for node in module.body if isinstance(node, ast.ImportFrom) and node.module != "__future__")
    return {alias.asname or alias.name: node.module or "" for node in imports for alias in node.names}


def _source(node: ast.ClassDef, lines: Sequence[str]) -> str:
    return "".join(lines[node.lineno - 1 : node.end_lineno]).rstrip()


def _root_type(source: str) -> str:
    """The type that a root model holds, as written."""
    cls = ast.parse(source).body[0]
    fields = (node for node in getattr(cls, "body", ()) if isinstance(node, ast.AnnAssign))
    annotation = next(fields).annotation
    return ast.get_source_segment(source, annotation) or ""


def _spliced(source: str, inline: Mapping[str, str], token: re.Pattern[str]) -> str:
    """The source with inline definitions written out, those inside them too."""
    while any(found in inline for found in token.findall(source)):
        source = token.sub(lambda match: inline.get(match.group(), match.group()), source)
    return source


def _class_source(key: str, source: str, origins: Mapping[str, str], token: re.Pattern[str]) -> ClassSource:
    source = re.sub(rf"([\"'])({token.pattern})\1", r"\2", source)
    tree = ast.parse(source)
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    uses = tuple(dict.fromkeys(each for each in token.findall(source) if each != key))
    imports = tuple(sorted((origins[name], name) for name in names & origins.keys()))
    return ClassSource(key, _double_quoted(source, tree), uses, imports)


def _double_quoted(source: str, tree: ast.Module) -> str:
    """Black's quotes, where changing them is only that: its first pass is then often its last."""
    lines = [line.encode() for line in source.split("\n")]
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node.lineno == node.end_lineno]
    for node in texts:
        line, start, end = lines[node.lineno - 1], node.col_offset, node.end_col_offset or 0
        inside = line[start + 1 : end - 1]
        if line[start : start + 1] == b"'" and not line.startswith(b"'''", start) and not set(inside) & set(b'"\\'):
            lines[node.lineno - 1] = line[:start] + b'"' + inside + b'"' + line[end:]
    return b"\n".join(lines).decode()
