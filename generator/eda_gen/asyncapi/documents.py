"""Which version a document is of, and whether it keeps to it."""

from __future__ import annotations

import re

from eda_gen.asyncapi.check import Checker
from eda_gen.asyncapi.grammar import version2, version3
from eda_gen.asyncapi.grammar.types import Object
from eda_gen.diagnostics import Diagnostic
from eda_gen.source import Node, Workspace

__all__ = ["check_document", "version_of"]

_VERSION = re.compile(r"(?P<major>\d+)\.(?P<minor>\d+)\.\d+(?:-[0-9A-Za-z.-]+)?\Z")
_READ = frozenset(((2, 0), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5), (2, 6), (3, 0), (3, 1)))


def version_of(root: Node) -> tuple[int, int] | None:
    """Major and minor version, where they are ones that are read."""
    match = _VERSION.match(root.text_at("asyncapi") or "")
    version = (int(match["major"]), int(match["minor"])) if match else None
    return version if version in _READ else None


def check_document(root: Node, workspace: Workspace) -> tuple[Diagnostic, ...]:
    """Every breach of the specification, in the document and in what it refers to."""
    checker = Checker(workspace)
    version = version_of(root)
    if version is None:
        _report_version(root, checker)
    else:
        checker.check(root, _grammar(version))
    return tuple(checker.found)


def _grammar(version: tuple[int, int]) -> Object:
    return version3.DOCUMENT if version[0] == 3 else version2.document(version[1])


def _report_version(root: Node, checker: Checker) -> None:
    written = root.get("asyncapi")
    if not root.is_mapping:
        checker.report("EDA100", "this is not an AsyncAPI document, which is a mapping", root.span)
    elif written is None:
        near = next((name for name in root.fields if name.lower() == "asyncapi"), None)
        help = (
            f"did you mean `asyncapi`, not `{near}`?" if near else "an AsyncAPI document starts with `asyncapi: 3.1.0`"
        )
        checker.report("EDA100", "this is not an AsyncAPI document: it has no field `asyncapi`", root.span, help)
    elif written.text is None:
        checker.report(
            "EDA100", "the version in `asyncapi` is text such as `3.1.0`", written.span, "write it in quotes"
        )
    else:
        message = f"`{written.text[:40]}` is not a version of AsyncAPI that is read"
        checker.report("EDA100", message, written.span, "2.0 to 2.6, 3.0 and 3.1 are, written as `3.1.0`")
