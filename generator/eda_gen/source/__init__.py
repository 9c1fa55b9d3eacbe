"""From bytes to nodes: frozen values that know their file, line and column, and references between them."""

from eda_gen.source.files import DiskFiles, Files, NotReadable, specs_below, workspace_root
from eda_gen.source.node import Node
from eda_gen.source.workspace import Workspace

__all__ = ["DiskFiles", "Files", "Node", "NotReadable", "Workspace", "specs_below", "workspace_root"]
