"""The files of a run as nodes, read when a reference first leads to them."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable

from eda_gen.diagnostics import Diagnostic, Result, Span
from eda_gen.source.files import Files, NotReadable
from eda_gen.source.json_reader import read_json
from eda_gen.source.limits import MAX_FILES, MAX_FINDINGS, MAX_HOPS
from eda_gen.source.node import Node, join
from eda_gen.source.reference import BadReference, parse_reference
from eda_gen.source.yaml_reader import read_yaml

__all__ = ["Workspace"]


class Workspace:
    """Reads files and follows references, each once, and keeps what was found on the way.

    A reference that leads nowhere is reported once and resolves to `None`.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._roots: dict[str, Node | None] = {}
        self._hashes: dict[str, str] = {}
        self._targets: dict[str, Node | None] = {}
        self._edges: dict[str, set[str]] = {}
        self._replaced: dict[str, Node] = {}
        self._found: dict[Diagnostic, None] = {}
        self._hops = 0

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return tuple(self._found)

    def shown(self, file: str) -> str:
        return self._files.shown(file)

    def read(self, file: str) -> Node | None:
        """The root of a file; `None`, once with a diagnostic, where it cannot be read."""
        if file not in self._roots:
            self._roots[file] = self._read(file, Span(self.shown(file)))
        return self._roots[file]

    def replace(self, nodes: Iterable[Node]) -> None:
        """From now on, references to where these nodes are written lead to them."""
        self._replaced.update((node.id, node) for node in nodes)
        self._targets.clear()

    def current(self, node: Node) -> Node:
        """What stands at a node's place after replacements."""
        return self._replaced.get(node.id, node)

    def resolve(self, node: Node) -> Node | None:
        """What a node stands for: itself, or what its `$ref`, and a `$ref` found there, leads to."""
        node = self.current(node)
        passed: set[str] = set()
        while (ref := node.ref) is not None:
            if node.id in passed:
                self._report(Diagnostic("EDA014", f"`{ref.text}` leads back to itself", ref.span))
                return None
            passed.add(node.id)
            target = self.follow(ref)
            if target is None:
                return None
            node = target
        return node

    def follow(self, ref: Node) -> Node | None:
        """The place that the text of a `$ref` names."""
        if ref.id not in self._targets:
            self._targets[ref.id] = self._follow(ref)
        return self._targets[ref.id]

    def digest(self, file: str) -> str:
        """The SHA-256 over a file and every file that it refers to, in hex."""
        reached, waiting = {file}, [file]
        while waiting:
            new = self._edges.get(waiting.pop(), set()) - reached
            reached |= new
            waiting.extend(new)
        lines = (f"{self._hashes.get(each, '')} {each}\n" for each in sorted(reached))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def _report(self, diagnostic: Diagnostic) -> None:
        if len(self._found) < MAX_FINDINGS:
            self._found.setdefault(diagnostic)

    def _follow(self, ref: Node) -> Node | None:
        try:
            target = parse_reference(ref.text or "", ref.file)
        except BadReference as bad:
            self._report(Diagnostic(bad.code, str(bad), ref.span, bad.help))
            return None
        if target.file not in self._roots:
            self._roots[target.file] = self._read(target.file, ref.span)
        self._edges.setdefault(ref.file, set()).add(target.file)
        root = self._roots[target.file]
        return self._step_into(root, target.steps, ref) if root is not None else None

    def _step_into(self, root: Node, steps: tuple[str, ...], ref: Node) -> Node | None:
        node = self.current(root)
        for position, step in enumerate(steps):
            node = self._through(node)
            found = _child(node, step)
            if found is None:
                done = "".join(join("", each) for each in steps[:position]) or "the document's root"
                message = f"`{ref.text}` leads nowhere: there is no `{step}` in {done}"
                self._report(Diagnostic("EDA010", message, ref.span, _perhaps(step, node)))
                return None
            node = self.current(found)
        return node

    def _through(self, node: Node) -> Node:
        """A pointer may pass through places that are themselves references."""
        ref = node.ref
        if ref is None:
            return node
        if self._hops >= MAX_HOPS:
            self._report(
                Diagnostic("EDA014", f"`{ref.text}` leads through more than {MAX_HOPS} other references", ref.span)
            )
            return node
        self._hops += 1
        target = self.resolve(node)
        self._hops -= 1
        return target or node

    def _read(self, file: str, span: Span) -> Node | None:
        if len(self._roots) >= MAX_FILES:
            self._report(Diagnostic("EDA003", f"more than {MAX_FILES:,} files in one workspace", span))
            return None
        try:
            content = self._files.read(file)
        except NotReadable as error:
            self._report(Diagnostic(error.code, str(error), span, error.help))
            return None
        self._hashes[file] = hashlib.sha256(content).hexdigest()
        read = _parse(content, file, self.shown(file))
        for each in read.diagnostics:
            self._report(each)
        return read.value


def _perhaps(step: str, node: Node) -> str | None:
    """A name that is there and may be meant; not looked for in very large mappings, where it takes long."""
    near = difflib.get_close_matches(step, node.fields, 1) if len(node.fields) <= 200 else []
    return f"did you mean `{near[0]}`?" if near else None


def _child(node: Node, step: str) -> Node | None:
    if node.is_mapping:
        return node.fields.get(step)
    return node.items[int(step)] if step.isdecimal() and step.isascii() and int(step[:9]) < len(node.items) else None


def _parse(content: bytes, file: str, shown: str) -> Result[Node]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        span = Span(shown, before.count(b"\n") + 1, len(before) - before.rfind(b"\n"))
        return Result(
            None,
            (
                Diagnostic(
                    "EDA002", f"the byte 0x{content[error.start]:02x} is not UTF-8", span, "save the file as UTF-8"
                ),
            ),
        )
    read = (read_json if file.endswith((".json", ".avsc")) else read_yaml)(text, file, shown)
    if read.value is None and not read.diagnostics:
        return Result(None, (Diagnostic("EDA002", "the file is empty", Span(shown)),))
    return read
