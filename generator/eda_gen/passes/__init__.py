"""From nodes to the catalog: linked across documents, with every default filled in."""

from eda_gen.passes.compile import compile_documents, compile_workspace

__all__ = ["compile_documents", "compile_workspace"]
