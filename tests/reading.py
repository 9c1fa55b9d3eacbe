"""Specs in memory, for tests of what is read from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eda_gen.diagnostics import Diagnostic, Result
from eda_gen.model import Catalog, Message, Service
from eda_gen.passes import compile_documents
from eda_gen.source import Node, NotReadable, Workspace

HEAD = "asyncapi: 3.1.0\ninfo: {title: Orders, version: 1.0.0}\n"
HEAD_2 = "asyncapi: 2.6.0\ninfo: {title: Orders, version: 1.0.0}\n"


@dataclass(frozen=True, slots=True)
class MemoryFiles:
    """A workspace that is a dictionary."""

    contents: Mapping[str, str | bytes]

    def read(self, file: str) -> bytes:
        if file not in self.contents:
            raise NotReadable(f"there is no file `{file}`")
        content = self.contents[file]
        return content.encode() if isinstance(content, str) else content

    def shown(self, file: str) -> str:
        return file


def read(text: str | bytes, **others: str) -> Result[Catalog]:
    """Compile one document, `spec.yaml`; others stand beside it: `common="…"` is `common.yaml`."""
    files = {"spec.yaml": text} | {f"{name}.yaml": content for name, content in others.items()}
    return compile_documents(("spec.yaml",), Workspace(MemoryFiles(files)))


def read_all(**documents: str) -> Result[Catalog]:
    """Compile several documents together: `orders="…"` is `orders.yaml`."""
    files = {f"{name}.yaml": content for name, content in documents.items()}
    return compile_documents(tuple(files), Workspace(MemoryFiles(files)))


def catalog(text: str, **others: str) -> Catalog:
    result = read(text, **others)
    assert result.value is not None, told(result)
    return result.value


def service(text: str, **others: str) -> Service:
    return catalog(text, **others).services[0]


def message(text: str, **others: str) -> Message:
    return service(text, **others).messages[0]


def root(text: str, file: str = "spec.yaml") -> Node:
    node = Workspace(MemoryFiles({file: text})).read(file)
    assert node is not None
    return node


def found(text: str | bytes, **others: str) -> list[str]:
    """The codes found in a document, with line and column: `EDA101 2:1`."""
    return [f"{each.code} {each.span.line}:{each.span.column}" for each in read(text, **others).diagnostics]


def told(result: Result[Catalog]) -> list[str]:
    return [_told(each) for each in result.diagnostics]


def _told(each: Diagnostic) -> str:
    return f"{each.code} {each.span} {each.message}" + (f" ({each.help})" if each.help else "")
