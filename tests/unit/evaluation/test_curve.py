"""The learning curve trains on parts of the messages only; all of them have a model already."""

from __future__ import annotations

from pathlib import Path

import pytest

from valve_clinic.evaluation import curve
from valve_clinic.evaluation.figures import Share
from valve_clinic.evaluation.messages import LabelledMessage
from valve_clinic.training_data import TrainingMessage

TRAINING = [TrainingMessage(f"words {number}", "ask_risks", Path("ask_risks.yml"), number) for number in range(16)]
ASKED = [
    LabelledMessage("is it safe", "ask_risks"),
    LabelledMessage("how long", "ask_recovery_time"),
    LabelledMessage("what is the weather", "out_of_scope"),
]


def test_each_part_is_inside_the_next_and_the_last_point_is_the_models_own(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[set[str]] = []

    def train(training: list[TrainingMessage], _folder: Path) -> object:
        trained.append({message.text for message in training})
        return lambda _text: "ask_risks"

    monkeypatch.setattr(curve, "train", train)
    points = curve.learning_curve(ASKED, Share(2, 2), training=TRAINING)
    assert [point.training for point in points] == [2, 4, 8, 16]
    assert trained[0] < trained[1] < trained[2]
    assert len(trained) == 3
    assert [point.right for point in points] == [Share(1, 2), Share(1, 2), Share(1, 2), Share(2, 2)]
