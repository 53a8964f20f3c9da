"""Asking back: which intents count from which confidence on."""

from __future__ import annotations

import numpy as np
import pytest
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message

from valve_clinic.dialogue.fallback import IntentFallback
from valve_clinic.nlu.classifier import QUESTIONS
from valve_clinic.nlu.encoder import Judgement
from valve_clinic.nlu.featurizer import BEHIND

CONFIG = {
    **IntentFallback.get_default_config(),
    "threshold": 0.7,
    "ambiguity_threshold": 0.0,
    "harmless_threshold": 0.4,
    "harmless": ["ask_personal_advice", "greet"],
}


def heard(intent: str, confidence: float, config: dict[str, object], leans: bool = False) -> Message:
    found = {"name": intent, "confidence": confidence}
    message = Message({TEXT: "words", INTENT: found, INTENT_RANKING_KEY: [found]})
    if leans:
        message.set(BEHIND, lambda: Judgement(np.zeros(2), np.zeros(3)))
    return IntentFallback(config).process([message])[0]


@pytest.mark.parametrize(
    ("intent", "confidence", "acted_on"),
    [
        ("ask_risks", 0.71, True),
        ("ask_risks", 0.69, False),
        ("ask_personal_advice", 0.41, True),
        ("ask_personal_advice", 0.39, False),
        ("greet", 0.5, True),
    ],
)
def test_an_answer_needs_more_than_what_misleads_nobody(intent, confidence, acted_on):
    message = heard(intent, confidence, CONFIG)
    assert message.get(INTENT)["name"] == (intent if acted_on else "nlu_fallback")
    assert intent in [item["name"] for item in message.get(INTENT_RANKING_KEY)]


@pytest.mark.parametrize(
    ("intent", "confidence", "acted_on"),
    [("ask_risks", 0.61, True), ("ask_risks", 0.59, False), ("greet", 0.41, True)],
)
def test_a_message_read_behind_another_one_needs_less(intent, confidence, acted_on):
    message = heard(intent, confidence, {**CONFIG, "leaning_threshold": 0.6}, leans=True)
    assert message.get(INTENT)["name"] == (intent if acted_on else "nlu_fallback")


@pytest.mark.parametrize(("second", "acted_on"), [("ask_personal_advice", True), ("ask_risks", False)])
def test_between_two_that_mislead_nobody_the_chat_does_not_ask(second, acted_on):
    ranking = [{"name": "greet", "confidence": 0.5}, {"name": second, "confidence": 0.49}]
    message = Message({TEXT: "words", INTENT: ranking[0], INTENT_RANKING_KEY: ranking})
    IntentFallback({**CONFIG, "ambiguity_threshold": 0.05}).process([message])
    assert message.get(INTENT)["name"] == ("greet" if acted_on else "nlu_fallback")


@pytest.mark.parametrize(("answered", "acted_on"), [(["ask_risks"], True), (["ask_results"], False), ([], False)])
def test_what_is_answered_as_well_is_not_asked_about(answered, acted_on):
    """A wish for advice that may be a general question, as sure as each other: it is declined and answered."""
    ranking = [{"name": "ask_personal_advice", "confidence": 0.51}, {"name": "ask_risks", "confidence": 0.48}]
    message = Message({TEXT: "words", INTENT: ranking[0], INTENT_RANKING_KEY: ranking})
    message.set(QUESTIONS, [{"intent": name} for name in answered])
    IntentFallback({**CONFIG, "ambiguity_threshold": 0.05}).process([message])
    assert message.get(INTENT)["name"] == ("ask_personal_advice" if acted_on else "nlu_fallback")


@pytest.mark.parametrize(("config", "leans"), [({"leaning_threshold": 0.6}, False), ({}, True)])
def test_a_message_that_speaks_for_itself_needs_the_whole_threshold(config, leans):
    assert heard("ask_risks", 0.65, {**CONFIG, **config}, leans).get(INTENT)["name"] == "nlu_fallback"


def test_without_names_all_intents_are_treated_alike():
    plain = {**IntentFallback.get_default_config(), "threshold": 0.7, "ambiguity_threshold": 0.0}
    assert heard("greet", 0.5, plain).get(INTENT)["name"] == "nlu_fallback"


def test_the_configured_names_are_intents_that_no_content_answers_by_itself():
    from valve_clinic.evaluation import messages, thresholds

    lower, named = thresholds.harmless()
    assert named <= messages.domain_intents()
    assert lower < thresholds.configured()
    assert "ask_personal_advice" in named
    assert not named & {"ask_risks", "ask_results", "ask_medication", "out_of_scope"}
