"""Typing mistakes: the clinic's words are mended, ordinary English is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from valve_clinic.nlu import typos
from valve_clinic.nlu.typos import TypoMender, mend

ORDINARY = [
    "I ain't fixin to drive y'all to Conway with Brenda and Travis",
    "mamaw swallered hard and said the barbecue was goin good",
    "my grandson plays football for Bryant and eats boudin",
    "we was watchin the ball game at Uncle Earl's",
    "does the gift shop sell daffodils or crossword books",
    "Dr. Nguyen wrote 2.5 mg and EF 45, LVIDd 5.1 cm, 10/12/2026",
    "who won the Razorbacks game last night",
    "the neighbours' cat is fatter than my sister's",
    "I teach math at the middle school and worry about everything",
    "is the cafeteria open for lunch on Sundays",
    "her son Jaxon lives near Texarkana",
    "clean the leaves out of the gutter before the storm",
    "can I wear my wedding ring",
    "WHAT TIME DO YOU OPEN",
    "tell me a joke about two horses",
    "my sweater shrank in the dryer again",
]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("mitro clip", "mitra clip"),
        ("regurjitation", "regurgitation"),
        ("my vavle leaks", "my valve leaks"),
        ("the eco showed it", "the echo showed it"),
        ("cardioligist near me", "cardiologist near me"),
        ("anastesia risks", "anesthesia risks"),
        ("recovry after sergery", "recovery after surgery"),
        ("my dad is on warfrin", "my dad is on warfarin"),
        ("appoitment", "appointment"),
    ],
)
def test_the_clinics_words_are_mended(typed: str, meant: str) -> None:
    assert mend(typed) == meant


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_english_is_left_alone(text: str) -> None:
    assert mend(text) == text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_it_and_mending_twice_changes_nothing_more(text: str) -> None:
    assert mend(mend(text)) == mend(text)


def test_the_component_mends_messages_and_leaves_training_data_alone() -> None:
    component = TypoMender.create({}, None, None, None)
    (heard,) = component.process([Message({TEXT: "my vavle"})])
    assert heard.as_dict(only_output_properties=True)[TEXT] == "my valve"
    assert component.process([Message({})])[0].get(TEXT) is None


def test_the_word_lists_are_there_before_the_first_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading them took a sixth of a second, for which the first patient with a mistake, and all beside, waited."""
    for cached in (typos._vocabulary, typos._known_words, typos._clinic_words):
        cached.cache_clear()
    TypoMender.create({}, None, None, None)  # type: ignore[arg-type]
    monkeypatch.setattr(typos.language, "read_vocabulary", lambda: pytest.fail("read in the middle of a message"))
    assert mend("my mitrel vavle") == "my mitral valve"
