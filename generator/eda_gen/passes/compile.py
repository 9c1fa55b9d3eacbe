"""The way from files to a catalog, in one screen."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from eda_gen.asyncapi.documents import check_document, version_of
from eda_gen.asyncapi.upgrade import upgrade
from eda_gen.config import Config
from eda_gen.diagnostics import Diagnostic, Result, Severity, Span, sorted_diagnostics
from eda_gen.model import Catalog, Document, Service
from eda_gen.passes.channels import ChannelTable
from eda_gen.passes.context import Context
from eda_gen.passes.kinds import with_kinds
from eda_gen.passes.messages import MessageTable
from eda_gen.passes.ownership import report_shared_groups, report_shared_names
from eda_gen.passes.schemas import SchemaTable
from eda_gen.passes.services import ServiceReader
from eda_gen.source import DiskFiles, Node, Workspace, specs_below, workspace_root

__all__ = ["compile_documents", "compile_workspace"]


def compile_workspace(paths: Sequence[Path], config: Config) -> Result[Catalog]:
    """Read the specs at `paths`, files or folders, or those that the configuration names, into one catalog.

    There is a catalog only where no document has an error.
    """
    current = Path.cwd()
    named = [Path(os.path.abspath(path)) for path in paths if not path.is_dir()]
    found = [file for path in paths if path.is_dir() for file in specs_below(Path(os.path.abspath(path)))]
    found += [] if paths else config.spec_paths()
    documents = tuple(dict.fromkeys((*named, *found)))
    if not documents:
        return Result(None, (_no_spec(paths, config, current),))
    root = workspace_root(documents, current, config.file)
    workspace = Workspace(DiskFiles(root, current))
    files = tuple(
        path.relative_to(root).as_posix() for path in documents if path in named or _is_document(path, root, workspace)
    )
    return compile_documents(files, workspace)


def _no_spec(paths: Sequence[Path], config: Config, current: Path) -> Diagnostic:
    if paths:
        return Diagnostic(
            "EDA001", "there is no spec in this folder", Span(str(paths[0])), "specs are *.yaml, *.yml, *.json"
        )
    if config.specs:
        told = f"`specs` finds no file: {', '.join(config.specs)}"
        return Diagnostic("EDA001", told, Span(str(config.file)), "patterns start at the folder of this file")
    help = 'name one, as `orders.yaml`, or write `specs = ["specs/*.yaml"]` into eda-gen.toml'
    return Diagnostic(
        "EDA001", "no spec is given, and no `specs` are configured", Span(str(config.file or current)), help
    )


def _is_document(path: Path, root: Path, workspace: Workspace) -> bool:
    """Globs and folders also hold files that are only referred to: those without a field `asyncapi`."""
    node = workspace.read(path.relative_to(root).as_posix())
    return node is None or node.get("asyncapi") is not None


def compile_documents(files: tuple[str, ...], workspace: Workspace) -> Result[Catalog]:
    """As `compile_workspace`, for documents by their paths in a workspace."""
    roots = tuple(root for file in files if (root := workspace.read(file)) is not None)
    found = [each for root in roots for each in check_document(root, workspace)]
    if _failed((*workspace.diagnostics, *found)):
        return Result(None, sorted_diagnostics((*workspace.diagnostics, *found)))
    context = Context(workspace)
    catalog = _link(tuple(_as_version_3(root, workspace) for root in roots), context)
    found = [*workspace.diagnostics, *found, *context.found]
    return Result(None if _failed(found) else catalog, sorted_diagnostics(found))


def _failed(found: Iterable[Diagnostic]) -> bool:
    return any(each.severity is Severity.ERROR for each in found)


def _as_version_3(root: Node, workspace: Workspace) -> Node:
    version = version_of(root)
    return upgrade(root, workspace) if version is not None and version[0] == 2 else root


def _link(roots: tuple[Node, ...], context: Context) -> Catalog:
    schemas = SchemaTable(context)
    messages = MessageTable(context, schemas)
    channels = ChannelTable(context, messages)
    reader = ServiceReader(context, channels, messages)
    services: list[Service] = []
    documents: list[Document] = []
    for root in roots:
        document = Document(root.file, context.workspace.digest(root.file), root.text_at("asyncapi") or "")
        services += reader.read(root, document)
        documents.append(document)
    report_shared_names(services, context)
    report_shared_groups(services, context)
    settled, with_messages = with_kinds(messages.messages, services, messages.stated_kinds)
    return Catalog(tuple(documents), with_messages, channels.channels, settled, schemas.schemas)
