"""Predictions made by hand, whose figures are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from valve_clinic.evaluation import report
from valve_clinic.evaluation.messages import LabelledMessage
from valve_clinic.evaluation.predictions import Prediction

Predict = Callable[..., Prediction]


def predict(
    intent: str,
    *ranking: str,
    said: str | None = None,
    also: Sequence[str] = (),
    slices: Sequence[str] = (),
    confidence: float = 0.8,
    seconds: float = 0.01,
) -> Prediction:
    """Return a prediction of a message labelled `intent`; `said` is what the chat acts on when not the first."""
    message = LabelledMessage("words", intent, tuple(also), tuple(slices))
    ranked = tuple((name, confidence if place == 0 else 0.02) for place, name in enumerate(ranking))
    return Prediction(message, said or ranking[0], ranked, seconds)


@pytest.fixture
def predictions() -> list[Prediction]:
    """Six in scope, three of them with the right intent first; four out of scope, three of them recognised."""
    return [
        predict("ask_causes", "ask_causes", "ask_risks", slices=["short"]),
        predict("ask_causes", "ask_risks", "ask_causes", also=["ask_risks"], slices=["short", "typos"]),
        predict("ask_causes", "ask_risks", "ask_causes", slices=["typos"], confidence=0.6),
        predict("ask_risks", "ask_risks", said="nlu_fallback", confidence=0.2),
        predict("ask_risks", "ask_causes", "greet", "ask_risks", said="nlu_fallback", confidence=0.2),
        predict("greet", "out_of_scope", "thank", "ask_risks", "greet"),
        predict("out_of_scope", "out_of_scope", slices=["nonsense"]),
        predict("out_of_scope", "ask_risks", said="nlu_fallback", confidence=0.2, slices=["nonsense"]),
        predict("out_of_scope", "greet", also=["greet"]),
        predict("out_of_scope", "ask_risks"),
    ]


@pytest.fixture
def origin() -> report.Origin:
    return report.Origin(
        command="valve-clinic evaluate --data tests/nlu/held_out.yml",
        data="tests/nlu/held_out.yml",
        data_sha256="0123456789abcdef" * 4,
        own_data=True,
        in_training=0,
        model="some-model.tar.gz",
        model_bytes=12_300_000,
        date="2026-01-02",
        cores=2,
        machine="Linux x86_64",
        load=0.1,
        versions={"python": "3.10.1", "rasa": "3.6.21"},
    )


@pytest.fixture
def sample_report(predictions: list[Prediction], origin: report.Origin) -> report.Report:
    return report.make(predictions, origin)
