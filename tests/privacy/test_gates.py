"""The gates of the masking: on labelled sentences, and on messages that must stay as they are."""

from __future__ import annotations

import pytest
import yaml

from valve_clinic import paths
from valve_clinic.privacy import masker, measure
from valve_clinic.safety import matcher


@pytest.mark.parametrize("name", measure.SETS)
def test_numbers_and_names_are_found(name):
    figures = measure.recall(measure.read(name))
    assert measure.together(figures, measure.NUMBERS).share >= measure.RECALL_NUMBERS
    assert measure.together(figures, ("name",)).share >= measure.RECALL_NAMES


def test_the_set_is_large_enough():
    assert sum(len(measure.read(name)) for name in measure.SETS) >= 250
    assert len(measure.harmless()) >= 300


def test_medical_messages_stay_as_they_are():
    texts = measure.harmless()
    assert len(measure.damaged(texts)) <= measure.MOST_DAMAGED * len(texts)


@pytest.mark.parametrize("name", ["safety_emergencies", "safety_crises", "exam_emergencies", "exam_crises"])
def test_no_sign_of_danger_is_written_over(name):
    """What is masked must not be what a danger is seen by: the turn's text is judged again in its context."""
    messages = yaml.safe_load((paths.ROOT / "tests" / "nlu" / f"{name}.yml").read_text(encoding="utf-8"))
    for item in messages:
        before, _ = matcher.shared().find(item["text"])
        after, _ = matcher.shared().find(masker.mask(item["text"]))
        assert {found.sign.id for found in before} <= {found.sign.id for found in after}, masker.mask(item["text"])
