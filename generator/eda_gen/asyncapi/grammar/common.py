"""Objects that every version of the specification has in the same shape."""

from __future__ import annotations

from eda_gen.asyncapi.grammar.formats import EMAIL, EXPRESSION, URL
from eda_gen.asyncapi.grammar.types import ANYTHING, TEXT, Entries, Findings, Items, Object, RefOr
from eda_gen.diagnostics import Severity
from eda_gen.source import Node

__all__ = [
    "CONTACT",
    "CORRELATION_ID",
    "EXAMPLE",
    "EXTERNAL_DOCS",
    "LICENSE",
    "TAGS",
    "tags_unique",
    "variables_defined",
]

CONTACT = Object("Contact Object", {"name": TEXT, "url": URL, "email": EMAIL})
LICENSE = Object("License Object", {"name": TEXT, "url": URL}, ("name",))
EXTERNAL_DOCS = Object("External Documentation Object", {"description": TEXT, "url": URL}, ("url",))
CORRELATION_ID = Object("Correlation ID Object", {"description": TEXT, "location": EXPRESSION}, ("location",))


def _shows_something(node: Node, findings: Findings) -> None:
    """An example has headers, a payload, or both (AsyncAPI 2.1 and later, Message Example Object)."""
    if node.get("headers") is None and node.get("payload") is None:
        findings.report("01", "a Message Example Object needs `headers` or `payload`", node.span)


EXAMPLE = Object(
    "Message Example Object",
    {"headers": Entries(ANYTHING), "payload": ANYTHING, "name": TEXT, "summary": TEXT},
    rules=(_shows_something,),
)


def tags_unique(node: Node, findings: Findings) -> None:
    """Tag names are unique in their list (AsyncAPI 3.1, Tags Object)."""
    seen: set[str] = set()
    for item in node.items:
        tag = findings.workspace.resolve(item)
        name = tag.text_at("name") if tag is not None else None
        if name is not None and name in seen:
            findings.report("07", f"the tag `{name}` is in the list twice", item.span)
        seen.add(name or "")


TAG = Object("Tag Object", {"name": TEXT, "description": TEXT, "externalDocs": RefOr(EXTERNAL_DOCS)}, ("name",))
TAGS = Items(RefOr(TAG), rules=(tags_unique,))


def variables_defined(node: Node, findings: Findings, *fields: str) -> None:
    """Every `{name}` in a server's address has an entry in its `variables`."""
    variables = node.get("variables")
    for name in fields:
        text = node.get(name)
        for variable in names_in_braces(text.text or "") if text is not None else ():
            if text is not None and (variables is None or variable not in variables.fields):
                message = f"`{{{variable}}}` is not among the `variables`: any value is taken"
                findings.report("12", message, text.span, severity=Severity.WARNING)


def names_in_braces(address: str) -> tuple[str, ...]:
    """The parameters of an address, in order."""
    parts = address.split("{")[1:]
    return tuple(dict.fromkeys(part.partition("}")[0] for part in parts if "}" in part))
