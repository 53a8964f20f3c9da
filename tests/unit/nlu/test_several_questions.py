"""A message with several questions: which are answered, and which rules the turn."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message

from valve_clinic.nlu import questions
from valve_clinic.nlu.calibration import Calibration
from valve_clinic.nlu.classifier import COURTESY, QUESTIONS, TfidfDenseClassifier
from valve_clinic.nlu.encoder import Judgement
from valve_clinic.nlu.featurizer import FLAGGED, PARTS, TUNED
from valve_clinic.nlu.questions import Part

CLASSES = ["ask_causes", "ask_recovery_time", "ask_risks", "ask_surgery", "book_appointment", "greet",
           "report_crisis", "report_emergency", "request_human"]  # fmt: skip
SURE = 0.92
NO_FLAGS = np.full(3, -9.0)
EVEN = Calibration(0.5, 0.5, [[0.0, 0.5, 0.5]] * 3, [])


def probabilities(intent, confidence=SURE):
    rest = (1 - confidence) / (len(CLASSES) - 1)
    return np.array([confidence if name == intent else rest for name in CLASSES])


def judged(found):
    return Judgement(np.log(found), NO_FLAGS)


def hear(whole, *parts):
    """Classify a message that a model takes for `whole` and its parts for what they are given as."""
    component = TfidfDenseClassifier.create(TfidfDenseClassifier.get_default_config(), None, None, None)
    known, found, at = {}, [], 0
    for number, (intent, *more) in enumerate(parts):
        confidence, is_question = (*more, SURE, True)[:2] if len(more) < 2 else more
        text = f"part {number} of the text"
        known[text] = probabilities(intent, confidence)
        found.append((Part(text, at, at + len(text), is_question), judged(known[text])))
        at += len(text) + 1
    text = " ".join(part.text for part, *_ in found) or "whole"
    known[text] = probabilities(whole)
    component._linear = SimpleNamespace(classes=CLASSES, scores=lambda asked: (np.log(known[asked]), NO_FLAGS))
    component._calibration = EVEN
    heard = Message({TEXT: text, PARTS: found})
    heard.add_features(Features(np.log([known[text]]), FEATURE_TYPE_SENTENCE, TEXT, TUNED))
    heard.add_features(Features(np.atleast_2d(NO_FLAGS), FEATURE_TYPE_SENTENCE, TEXT, FLAGGED))
    component.process([heard])
    return heard


def asked(heard):
    return [question["intent"] for question in heard.get(QUESTIONS)]


def ruled_by(heard):
    assert heard.get(INTENT) == heard.get("intent_ranking")[0]
    return heard.get(INTENT)["name"]


def test_two_questions_are_named_in_order_with_their_places():
    heard = hear("ask_risks", ("ask_risks",), ("ask_causes",))
    assert heard.get(QUESTIONS) == [
        {"intent": "ask_risks", "text": "part 0 of the text", "start": 0, "end": 18},
        {"intent": "ask_causes", "text": "part 1 of the text", "start": 19, "end": 37},
    ]


def test_the_message_as_a_whole_rules_the_turn_when_it_is_one_of_the_questions():
    assert ruled_by(hear("ask_causes", ("ask_risks",), ("ask_causes",))) == "ask_causes"


def test_else_the_first_question_rules_the_turn():
    assert ruled_by(hear("ask_surgery", ("ask_risks",), ("ask_causes",))) == "ask_risks"
    assert ruled_by(hear("greet", ("ask_risks",), ("ask_causes",))) == "ask_risks"


@pytest.mark.parametrize("danger", ["report_emergency", "report_crisis"])
def test_a_message_that_is_a_danger_as_a_whole_stays_one_whatever_it_asks_besides(danger):
    heard = hear(danger, (danger,), ("ask_risks",), ("ask_causes",))
    assert ruled_by(heard) == danger
    assert asked(heard) == []


def test_a_wish_for_a_person_beside_questions_is_not_dropped():
    heard = hear("request_human", ("request_human",), ("ask_risks",), ("ask_causes",))
    assert ruled_by(heard) == "ask_risks"
    assert asked(heard) == ["request_human", "ask_risks", "ask_causes"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hi, how long is recovery", "greet"),
        ("how long is recovery? thanks", "thank"),
        ("I am so scared. how long is recovery", "worry"),
        ("how long is recovery", None),
        ("is this history", None),
    ],
)
def test_a_courtesy_around_a_question_is_named(text, expected):
    assert questions.courtesy_of(text) == expected


def test_a_message_says_which_courtesy_it_has():
    assert hear("ask_risks").get(COURTESY) is None


def test_the_same_question_twice_is_one():
    assert asked(hear("ask_risks", ("ask_risks",), ("ask_risks",))) == []


def test_small_talk_is_not_one_of_the_questions():
    assert asked(hear("ask_risks", ("greet",), ("ask_risks",))) == []
    assert asked(hear("ask_risks", ("greet",), ("ask_risks",), ("book_appointment",))) == [
        "ask_risks",
        "book_appointment",
    ]


def test_a_part_that_is_not_understood_is_left_out():
    unsure = questions.rules().min_confidence / 2
    assert asked(hear("ask_risks", ("ask_risks",), ("ask_causes", unsure))) == []


def test_a_statement_counts_only_when_it_is_very_clear():
    sure = questions.rules().statement_confidence
    assert asked(hear("ask_risks", ("ask_risks",), ("ask_causes", sure - 0.1, False))) == []
    assert asked(hear("ask_risks", ("ask_risks",), ("ask_causes", sure + 0.1, False))) == ["ask_risks", "ask_causes"]


def test_at_most_three_questions_are_answered():
    parts = [(name,) for name in ("ask_risks", "ask_causes", "ask_surgery", "ask_recovery_time")]
    assert asked(hear("ask_risks", *parts)) == ["ask_risks", "ask_causes", "ask_surgery"]


def test_a_message_without_parts_is_one_question():
    assert asked(hear("ask_risks")) == []
    assert ruled_by(hear("ask_risks")) == "ask_risks"
