"""Changes of sagas that are told."""

from __future__ import annotations

from typing import Any

from tests.unit.verify.travel import answered, catalog

from eda_gen.compat.sagas import compare_sagas
from eda_gen.model import Catalog


def told(old: Catalog, new: Catalog) -> list[str]:
    same = {each: each for each in old.messages}
    return [each.difference.message for each in compare_sagas(old.services, new.services, same)]


def test_an_answer_to_a_compensation_that_comes_or_goes_changes_its_step() -> None:
    def unanswered(saga: dict[str, Any], steps: list[Any], documents: dict[str, dict[str, Any]]) -> None:
        answered(saga, steps, documents)
        del steps[0]["parallel"][0]["compensated"]

    with_answer, without = catalog(answered), catalog(unanswered)

    change = ["`compensated` of the step `reserveFlight` changed"]
    assert told(with_answer, without) == told(without, with_answer) == change
    assert told(with_answer, with_answer) == []
