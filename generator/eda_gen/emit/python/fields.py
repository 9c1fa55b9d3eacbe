"""The fields of generated classes, read from their source."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from eda_gen.emit.python.classes import ClassSource

__all__ = ["FieldSource", "fields_of"]

_ALIASES = ("serialization_alias", "validation_alias", "alias")


@dataclass(frozen=True, slots=True)
class FieldSource:
    """A field by its Python name. `type` stands with its limits and `base` without; types of other classes are keys."""

    name: str
    type: str
    base: str
    required: bool

    def takes(self, other: FieldSource) -> bool:
        """Whether every value of `other` is one for this field."""
        return self.type == other.type or self.type == other.base


def fields_of(source: ClassSource) -> dict[str, FieldSource]:
    """The fields of a class by their wire names."""
    cls = ast.parse(source.source).body[0]
    found = (node for node in getattr(cls, "body", ()) if isinstance(node, ast.AnnAssign))
    return {
        _wire_name(node): FieldSource(
            node.target.id, _type(node.annotation), _base(node.annotation), node.value is None
        )
        for node in found
        if isinstance(node.target, ast.Name)
    }


def _wire_name(node: ast.AnnAssign) -> str:
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            stated = {word.arg: word.value for word in call.keywords}
            for alias in _ALIASES:
                value = stated.get(alias)
                if isinstance(value, ast.Constant) and isinstance(value.value, str):
                    return value.value
    return node.target.id if isinstance(node.target, ast.Name) else ""


def _type(annotation: ast.expr) -> str:
    """The type with its limits, and without what only describes it or says that it may be left out."""
    for call in ast.walk(annotation):
        if isinstance(call, ast.Call):
            call.keywords = [word for word in call.keywords if word.arg not in (*_ALIASES, "description", "title")]
    limited = ast.unparse(annotation).replace(" | None", "")
    return _base(annotation) if limited.endswith(", Field()]") else limited


def _base(annotation: ast.expr) -> str:
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Annotated":
        inside = annotation.slice
        annotation = inside.elts[0] if isinstance(inside, ast.Tuple) else inside
    return ast.unparse(annotation).replace(" | None", "")
