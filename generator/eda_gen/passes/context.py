"""What the passes share while they read one workspace."""

from __future__ import annotations

from eda_gen.diagnostics import Diagnostic, Severity, Span
from eda_gen.model import Json, SchemaFormat
from eda_gen.passes import defaults
from eda_gen.source import Node, Workspace
from eda_gen.source.reference import is_remote

__all__ = ["Context"]


class Context:
    """The workspace, and the findings of the passes over it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.found: list[Diagnostic] = []

    def report(
        self, code: str, message: str, span: Span, help: str | None = None, severity: Severity = Severity.ERROR
    ) -> None:
        self.found.append(Diagnostic(code, message, span, help, severity))

    def domain_of(self, node: Node) -> str | None:
        """The bounded context of the document in which something is written; a fragment has none."""
        root = self.workspace.read(node.file)
        return root.text_at("info", "x-eda", "domain") if root is not None else None

    def content_type_of(self, node: Node) -> str:
        """The content type of a message that states none."""
        root = self.workspace.read(node.file)
        return (root.text_at("defaultContentType") if root is not None else None) or defaults.CONTENT_TYPE

    def resolve(self, node: Node | None) -> Node | None:
        return self.workspace.resolve(node) if node is not None else None

    def resolved_items(self, node: Node | None) -> tuple[Node, ...]:
        """The elements of a sequence, each followed to where it is written."""
        followed = (self.workspace.resolve(item) for item in (node.items if node is not None else ()))
        return tuple(item for item in followed if item is not None)

    def bindings(self, owner: Node) -> Json:
        """The bindings of an object by protocol, with references to them followed."""
        found = self.resolve(owner.get("bindings"))
        if found is None:
            return None
        pairs = ((protocol, self.resolve(each)) for protocol, each in found.fields.items())
        return {protocol: each.plain() for protocol, each in pairs if each is not None}

    def text(self, owner: Node, *names: str) -> str:
        """The first of some text fields that is there, else nothing."""
        return next((text.strip() for name in names if (text := owner.text_at(name))), "")

    def resolve_payload(self, node: Node, family: SchemaFormat = SchemaFormat.JSON_SCHEMA) -> Node | None:
        """As `resolve`; but a schema that is no JSON Schema may stay on the network, where a registry keeps it."""
        ref = node.ref
        if ref is None or family in (SchemaFormat.JSON_SCHEMA, SchemaFormat.OPENAPI) or not is_remote(ref.text or ""):
            return self.resolve(node)
        message = f"`{ref.text}` leads to the network, where nothing is read: any payload is accepted"
        self.report("EDA131", message, ref.span, "keep a copy in the workspace and refer to that", Severity.WARNING)
        return None
