"""The front door: two catalogs in, what changed between them out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from eda_gen.compat.change import Change, Finding, Locate
from eda_gen.compat.channels import compare_channels
from eda_gen.compat.difference import ContentModel, Difference, Direction
from eda_gen.compat.lineage import compare_versions
from eda_gen.compat.matching import match_channels, match_messages, same_messages
from eda_gen.compat.messages import compare_messages
from eda_gen.compat.operations import Workspaces, compare_services
from eda_gen.compat.payloads import schemas_of
from eda_gen.compat.sagas import compare_sagas
from eda_gen.compat.usage import usage
from eda_gen.model import Catalog

__all__ = ["compare", "merge"]


def compare(
    old: Catalog,
    new: Catalog,
    locate: tuple[Locate, Locate],
    content_model: ContentModel = ContentModel.TOLERANT,
    *,
    versions: bool = False,
) -> tuple[Change, ...]:
    """All that changed from `old` to `new`, each once, in the order of the new documents.

    `locate` finds places of the old and of the new catalog in their files. With `versions`, a message version that is
    new or changed is also held against the versions before it, as the transitive modes ask.
    """
    both = Workspaces(old, new, match_messages(old, new), match_channels(old, new), usage(old), usage(new))
    findings = list(_findings(both, content_model))
    if versions:
        findings += compare_versions(both, content_model, _directions(findings))
    changes = (_located(each, locate) for each in _once(findings))
    return tuple(
        sorted(changes, key=lambda each: (each.new, each.old, each.difference.rule.id, each.difference.message))
    )


def _findings(both: Workspaces, content_model: ContentModel) -> Iterator[Finding]:
    schemas = schemas_of(both.old, both.new, content_model)
    yield from compare_messages(both.messages, schemas, both.before, both.after, both.old)
    yield from compare_channels(both.channels, both.before, both.after)
    yield from compare_services(both)
    yield from compare_sagas(both.old.services, both.new.services, same_messages(both.messages))


def _directions(findings: Iterable[Finding]) -> Mapping[str, Direction]:
    found: dict[str, Direction] = {}
    for each in findings:
        found[each.subject] = found.get(each.subject, Direction.NONE) | each.difference.direction
    return found


def _once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """A schema that several messages share changes once, and hurts the readers of all of them."""
    found: dict[tuple[object, ...], Finding] = {}
    for each in findings:
        difference = each.difference
        key = (difference.rule.id, difference.old, difference.new, difference.message)
        found[key] = _merged(found[key], each) if key in found else each
    return tuple(found.values())


def _merged(one: Finding, other: Finding) -> Finding:
    subjects = dict.fromkeys((*one.subject.split(", "), *other.subject.split(", ")))
    was, now = one.difference, other.difference
    direction: Direction = was.direction | now.direction
    return Finding(
        ", ".join(subjects),
        Difference(was.rule, direction, was.message, was.old, was.new),
        tuple(dict.fromkeys((*one.new_readers, *other.new_readers))),
        tuple(dict.fromkeys((*one.old_readers, *other.old_readers))),
        one.near,
    )


def _located(finding: Finding, locate: tuple[Locate, Locate]) -> Change:
    difference, (old, new) = finding.difference, finding.near
    return Change(finding, locate[0](difference.old, old), locate[1](difference.new, new))


def merge(found: Iterable[Change], earlier: Iterable[Change], name: str) -> Iterator[Change]:
    """The changes, and those against an earlier state named `name` that go further than they do."""
    known: dict[tuple[object, ...], Direction] = {}
    for each in found:
        key = (each.difference.rule.id, each.subject, each.difference.new)
        known[key] = known.get(key, Direction.NONE) | each.difference.direction
        yield each
    for each in earlier:
        key = (each.difference.rule.id, each.subject, each.difference.new)
        if each.difference.direction & ~known.get(key, Direction.NONE):
            yield replace(each, against=name)
