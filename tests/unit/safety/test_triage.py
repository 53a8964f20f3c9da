"""The two opinions together: the more urgent one rules."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from valve_clinic.nlu.examples import CRISIS, EMERGENCY, SAME_DAY
from valve_clinic.safety import matcher, triage
from valve_clinic.safety.levels import Assessment, Level
from valve_clinic.safety.triage import Thresholds

THRESHOLDS = Thresholds(
    act=0.5,
    act_clause=0.8,
    sign=0.03,
    sign_clause=0.3,
    check=0.1,
    check_clause=0.4,
    check_few=0.3,
    few_words=2,
    crisis=0.5,
    crisis_clause=0.8,
    crisis_sign=0.05,
    crisis_sign_clause=0.3,
    same_day=0.5,
    same_day_clause=0.8,
)


def flags(**given: float) -> dict[str, float]:
    return {EMERGENCY: 0.0, CRISIS: 0.0, SAME_DAY: 0.0, **given}


def assess(text: str, whole: dict[str, float] | None = None, *clauses: dict[str, float]) -> Assessment:
    return triage.assess(text, whole or flags(), clauses, matcher.shared(), THRESHOLDS)


@pytest.mark.parametrize(
    ("whole", "clause", "expected"),
    [
        (flags(), flags(), Level.NONE),
        (flags(emergency=0.5), flags(), Level.ACT),
        (flags(emergency=0.49), flags(), Level.CHECK),
        (flags(emergency=0.09), flags(), Level.NONE),
        (flags(), flags(emergency=0.8), Level.ACT),
        (flags(), flags(emergency=0.5), Level.CHECK),
        (flags(), flags(emergency=0.3), Level.NONE),
        (flags(crisis=0.5), flags(), Level.CRISIS),
        (flags(crisis=0.8, emergency=0.9), flags(), Level.ACT),
        (flags(crisis=0.9, emergency=0.8), flags(), Level.CRISIS),
        (flags(same_day=0.6), flags(), Level.SAME_DAY),
        (flags(same_day=0.6, emergency=0.2), flags(), Level.CHECK),
    ],
)
def test_the_model_alone(whole: dict[str, float], clause: dict[str, float], expected: Level) -> None:
    assert assess("a plain text", whole, clause).level is expected


@pytest.mark.parametrize(
    ("text", "whole", "clause", "expected"),
    [
        ("a plain text", flags(crisis=0.3, emergency=0.4), flags(), Level.CRISIS),
        ("a plain text", flags(crisis=0.2, emergency=0.4), flags(), Level.ACT),
        ("a plain text", flags(crisis=0.3, emergency=0.6), flags(), Level.ACT),
        ("a plain text", flags(crisis=0.3, emergency=0.4), flags(emergency=0.96), Level.ACT),
        ("I want to die", flags(emergency=0.4), flags(), Level.CRISIS),
        ("I want to die", flags(emergency=0.6), flags(), Level.ACT),
        ("I want to die", flags(crisis=0.3, emergency=0.6), flags(), Level.CRISIS),
        ("I want to die", flags(crisis=0.3, emergency=0.95), flags(), Level.ACT),
        ("I want to die", flags(crisis=0.3, emergency=0.4), flags(emergency=0.96), Level.ACT),
        ("I want to die, I can't breathe", flags(crisis=0.3, emergency=0.6), flags(), Level.ACT),
    ],
)
def test_an_emergency_in_doubt_gives_way_to_a_crisis_whose_text_names_both_numbers(
    text: str, whole: dict[str, float], clause: dict[str, float], expected: Level
) -> None:
    low = replace(THRESHOLDS, act=0.2, act_clause=0.95, crisis=0.1)
    assert triage.assess(text, whole, (clause,), matcher.shared(), low).level is expected


def test_of_few_words_alone_the_model_has_to_be_surer_before_it_is_asked_whether_it_is_happening() -> None:
    assert assess("and moderate?", flags(emergency=0.2)).level is Level.NONE
    assert assess("and moderate then?", flags(emergency=0.2)).level is Level.CHECK
    assert assess("and moderate?", flags(emergency=0.3)).level is Level.CHECK
    assert assess("and moderate?", flags(emergency=0.5)).level is Level.ACT
    assert assess("chest pain", flags(emergency=0.2)).level >= Level.CHECK


def test_the_model_never_lowers_what_a_sign_says() -> None:
    assert assess("I can't breathe", flags(emergency=0.05)).level is Level.ACT
    assert assess("I want to die", flags()).level is Level.CRISIS


def test_a_sign_that_the_models_see_nothing_behind_asks_first() -> None:
    assert assess("I can't breathe", flags()).says == "utter_check"
    assert assess("I can't breathe", flags(), flags(emergency=0.3)).level is Level.ACT
    assert assess("no puedo respirar", flags()).level is Level.ACT


def test_a_sign_of_same_day_is_kept_beside_a_more_urgent_level() -> None:
    found = assess("gained 4 pounds since yesterday", flags(emergency=0.2))
    assert (found.level, found.same_day) == (Level.CHECK, True)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("I can't breathe", "utter_emergency"),
        ("my husband can't breathe", "utter_emergency_other"),
        ("my groin is bleeding where the clip went in", "utter_emergency_bleeding"),
        ("mom fell and hit her head, she takes Eliquis", "utter_emergency_blood_thinner"),
        ("dad took too many of his coumadin pills", "utter_emergency_pills"),
        ("me duele el pecho", "utter_emergency_es"),
        ("quiero morir", "utter_crisis_es"),
        ("I want to die", "utter_crisis"),
        ("can a leaky valve cause chest pain", "utter_check"),
        ("¿cuánto cuesta la cirugía?", "utter_other_language"),
        ("what is MitraClip", None),
    ],
)
def test_what_is_said(text: str, says: str | None) -> None:
    assert assess(text, flags(emergency=0.05)).says == says


def test_an_assessment_survives_the_way_through_the_tracker_without_the_words() -> None:
    found = assess("my husband can't breathe", flags(emergency=0.05))
    data: dict[str, Any] = found.as_dict()
    assert Assessment.from_dict(data) == found
    assert "husband" not in str(data)


def test_without_an_assessment_nothing_is_known() -> None:
    assert Assessment.from_dict(None) == Assessment(Level.NONE)


@pytest.mark.parametrize("text", ["\u0635\u0644\u0649 \u0627\u0644\u0644\u0647", "где клиника", "診所在哪裡"])
def test_what_the_models_say_of_another_script_is_not_heard(text: str) -> None:
    found = assess(text, flags(crisis=0.9, emergency=0.9, same_day=0.9), flags(crisis=0.99))
    assert (found.level, found.same_day, found.says) == (Level.NONE, False, "utter_other_language")
    assert assess(text + " help chest pain now", flags()).level > Level.NONE


@pytest.mark.parametrize(
    ("whole", "clause", "expected"),
    [
        (flags(), flags(), Level.NONE),
        (flags(crisis=0.04), flags(crisis=0.29), Level.NONE),
        (flags(crisis=0.05), flags(), Level.CRISIS),
        (flags(), flags(crisis=0.3), Level.CRISIS),
    ],
)
def test_an_unsure_sign_needs_somebody_who_agrees(
    whole: dict[str, float], clause: dict[str, float], expected: Level
) -> None:
    assert assess("who sang about suicide doors", whole, clause).level is expected
    assert assess("I think of killing myself", whole, clause).level is Level.CRISIS


def test_without_the_models_an_unsure_sign_is_one() -> None:
    text = "who sang about suicide doors"
    assert triage.from_signs(text, *matcher.shared().find(text)).level is Level.CRISIS
