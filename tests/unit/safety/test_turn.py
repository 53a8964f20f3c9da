"""What comes first in a turn, and how long a danger is held."""

from __future__ import annotations

from valve_clinic.safety import turn
from valve_clinic.safety.levels import Assessment, Level
from valve_clinic.safety.turn import Plan, Said

ACT = Assessment(Level.ACT, "utter_emergency_other")
CHECK = Assessment(Level.CHECK, "utter_check")
TODAY = Assessment(Level.SAME_DAY, "utter_same_day", same_day=True)
CRISIS = Assessment(Level.CRISIS, "utter_crisis")
CALM = Assessment(Level.NONE)


def said(
    intent: str,
    assessment: Assessment = CALM,
    text: str = "words",
    confidence: float = 0.9,
    courtesy: str | None = None,
) -> Said:
    return Said(text, intent, confidence, assessment, courtesy)


HURT = said("report_emergency", ACT)


def plan(*messages: Said) -> Plan:
    return turn.plan(messages)


def test_without_messages_nothing_comes_first() -> None:
    assert plan() == Plan()


def test_a_question_is_left_to_the_rules() -> None:
    assert plan(said("ask_recovery_time")) == Plan()


def test_an_emergency_is_alone_in_its_turn() -> None:
    assert plan(HURT) == Plan(("utter_emergency_other",), alone=True)


def test_a_pressed_emergency_button_needs_no_assessment() -> None:
    assert plan(said("report_emergency", text="/report_emergency")) == Plan(("utter_emergency",), alone=True)


def test_a_crisis_is_alone_and_holds_nothing() -> None:
    assert plan(said("report_crisis", CRISIS)) == Plan(("utter_crisis",), alone=True)
    assert plan(said("report_crisis", CRISIS), said("thank")) == Plan()


def test_after_an_emergency_the_line_is_said_again() -> None:
    for intent in ("thank", "affirm", "deny", "greet", "ask_symptoms", "nlu_fallback", "out_of_scope", "request_human"):
        assert plan(HURT, said(intent)) == Plan(("utter_emergency_still",), alone=True), intent


def test_who_says_that_it_is_over_is_asked_what_they_want_to_know() -> None:
    safe = said("affirm", Assessment(Level.NONE, safe=True))
    assert plan(HURT, said("thank"), safe) == Plan(("utter_safe",), alone=True)
    assert plan(HURT, safe, said("thank")) == Plan()


def test_who_says_that_they_are_safe_with_a_danger_sign_is_not_believed() -> None:
    assert plan(HURT, said("affirm", Assessment(Level.CHECK, "utter_check", safe=True))).first == (turn.STILL,)


def test_a_button_ends_the_hold() -> None:
    assert plan(HURT, said("deny", text="/deny")) == Plan(("utter_safe",), alone=True)
    assert plan(HURT, said("ask_risks", text="/ask_risks")) == Plan()


def test_a_clearly_different_question_ends_the_hold_only_when_it_is_clear() -> None:
    assert plan(HURT, said("ask_cost_insurance")) == Plan()
    assert plan(HURT, said("ask_cost_insurance", confidence=0.3)).first == (turn.STILL,)
    assert plan(HURT, said("ask_cost_insurance", CHECK)).first == (turn.STILL,)


def test_the_hold_begins_again_with_another_emergency() -> None:
    assert plan(HURT, said("ask_cost_insurance"), HURT, said("thank")).first == (turn.STILL,)


def test_the_check_line_comes_before_the_answer() -> None:
    assert plan(said("ask_symptoms", CHECK)) == Plan(("utter_check",))


def test_a_yes_to_the_check_line_is_an_emergency_and_a_no_is_not() -> None:
    asked = said("ask_symptoms", CHECK)
    assert plan(asked, said("affirm")).first == ("utter_emergency",)
    assert plan(asked, said("nlu_fallback", Assessment(Level.NONE, happening=True))).first == ("utter_emergency",)
    assert plan(asked, said("deny")) == Plan()
    assert plan(asked, said("thank"), said("affirm")) == Plan()


def test_check_and_same_day_are_both_said() -> None:
    both = Assessment(Level.CHECK, "utter_check", same_day=True)
    assert plan(said("ask_symptoms", both)) == Plan(("utter_check", "utter_same_day"))


def test_same_day_comes_before_an_answer_or_stands_alone() -> None:
    assert plan(said("ask_post_procedure_symptom", TODAY)) == Plan(("utter_same_day",))
    assert plan(said("nlu_fallback", TODAY)) == Plan(("utter_same_day",), alone=True)


def test_another_language_is_not_answered_from_english_topics() -> None:
    spanish = Assessment(Level.NONE, "utter_other_language", language="es")
    assert plan(said("ask_recovery_time", spanish)) == Plan(("utter_other_language",), alone=True)


def test_a_greeting_around_a_question_gets_a_short_word_and_one_alone_does_not() -> None:
    assert plan(said("ask_recovery_time", courtesy="worry")) == Plan(("utter_short_worry",))
    assert plan(said("greet", courtesy="greet")) == Plan()
