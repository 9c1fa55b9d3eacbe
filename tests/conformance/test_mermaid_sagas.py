"""Mermaid's own parser accepts counterexamples of `eda-gen verify` and histories of `eda saga show`."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, get_args

from tests.conformance.hostile_workspace import TRAPS
from tests.conformance.mermaid import refused
from tests.unit.verify.test_faults import FAULTS
from tests.unit.verify.travel import verify

from eda_gen.verify import Fault, Moment, Property
from eda_gen.verify.story import as_mermaid as counterexample
from eda_runtime.saga.control import Event
from eda_runtime.saga.progress import NoteKind
from eda_runtime.saga.story import as_mermaid as history

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_mermaid_accepts_every_counterexample() -> None:
    diagrams = [
        (f"{change.__name__} {fault.broken.name}", counterexample(fault))
        for change, _, _ in FAULTS
        for fault in verify(change).faults
    ]

    assert len(diagrams) >= len(FAULTS)
    assert refused(diagrams) == []


def test_mermaid_accepts_counterexamples_and_histories_full_of_its_own_syntax() -> None:
    run = tuple(Moment(sender, receiver, sender) for sender, receiver in itertools.pairwise(TRAPS))
    events = [Event(NOW, kind, trap, trap, trap) for trap in TRAPS for kind in get_args(NoteKind)]
    saga: Any = SimpleNamespace(name=TRAPS[0])

    diagrams = [
        ("run", counterexample(Fault(Property.ENDS, TRAPS[0], run))),
        ("history", history(saga, TRAPS[-1], events)),
        ("bare", history(saga, "1", [Event(NOW, kind, None, None, None) for kind in get_args(NoteKind)])),
    ]

    assert refused(diagrams) == []
