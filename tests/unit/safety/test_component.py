"""The triage as a component of Rasa: it rules the intent, and its failure is never silence."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

from valve_clinic.nlu.classifier import CLAUSE_FLAGS, FLAG_PROBABILITIES, QUESTIONS
from valve_clinic.safety import component as components
from valve_clinic.safety.component import FAILED, SafetyTriage
from valve_clinic.safety.levels import SAFETY

DEFAULTS = SafetyTriage.get_default_config()
RANKING = [{"name": "ask_risks", "confidence": 0.7}, {"name": "ask_causes", "confidence": 0.2}]
CALM = np.array([0.0, 0.0, 0.0])


def heard(text, flags=CALM, clauses=(), ranking=RANKING):
    message = Message({TEXT: text, FLAG_PROBABILITIES: flags, CLAUSE_FLAGS: list(clauses)})
    message.set("intent_ranking", ranking)
    message.set(INTENT, ranking[0])
    message.set(QUESTIONS, [{"intent": "ask_risks"}, {"intent": "ask_causes"}])
    SafetyTriage(DEFAULTS).process([message])
    return message


def test_a_question_keeps_its_intent_and_is_assessed():
    message = heard("what are the risks")
    assert message.get(INTENT) == RANKING[0]
    assert message.get(SAFETY)["level"] == "none"
    assert len(message.get(QUESTIONS)) == 2


@pytest.mark.parametrize(
    ("text", "flags", "intent"),
    [
        ("what are the risks", [0.99, 0.0, 0.0], "report_emergency"),
        ("what are the risks", [0.0, 0.99, 0.0], "report_crisis"),
        ("i can't breathe", [0.9, 0.0, 0.0], "report_emergency"),
        ("i want to kill myself", [0.0, 0.9, 0.0], "report_crisis"),
    ],
)
def test_a_danger_becomes_the_intent_and_nothing_else_is_answered(text, flags, intent):
    message = heard(text, np.array(flags))
    assert message.get(INTENT) == {"name": intent, "confidence": 1.0}
    assert message.get("intent_ranking") == [{"name": intent, "confidence": 1.0}, *RANKING]
    assert message.get(QUESTIONS) == []


def test_a_danger_in_one_clause_rules_the_message():
    message = heard("what are the risks", CALM, [CALM, np.array([0.999, 0.0, 0.0])])
    assert message.get(INTENT)["name"] == "report_emergency"


def test_what_the_classifier_alone_takes_for_a_danger_is_answered_as_what_comes_second():
    ranking = [{"name": "report_emergency", "confidence": 0.5}, *RANKING]
    assert heard("what are the risks", ranking=ranking).get(INTENT) == RANKING[0]


def test_a_failure_puts_the_911_line_first_and_logs_no_words(monkeypatch, caplog):
    def fail(*_):
        raise ValueError("my secret words")

    monkeypatch.setattr(components, "assess", fail)
    with caplog.at_level(logging.ERROR):
        message = heard("my secret words")
    assert message.get(SAFETY) == FAILED.as_dict()
    assert message.get(INTENT) == RANKING[0]
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_a_message_without_text_is_left_alone():
    message = Message({TEXT: ""})
    SafetyTriage(DEFAULTS).process([message])
    assert message.get(SAFETY) is None


def test_a_component_without_its_thresholds_does_not_start():
    with pytest.raises(KeyError, match="act"):
        SafetyTriage({})
