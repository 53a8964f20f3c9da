"""Figures of whole conversations, with a bot that answers by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import yaml

from valve_clinic.content import store
from valve_clinic.evaluation import talks
from valve_clinic.evaluation.talks import Reply

RISKS, CAUSES = Reply("answer", "ask_risks"), Reply("answer", "ask_causes")
TWO = {"text": "words", "intents": ["ask_risks", "ask_causes"]}


@pytest.mark.parametrize(
    ("intents", "replies", "answered"),
    [
        (["ask_risks", "ask_causes"], [RISKS, CAUSES], True),
        (["ask_risks", "ask_causes"], [CAUSES, RISKS], True),
        (["ask_risks", "ask_causes"], [RISKS], False),
        (["ask_risks", "request_human"], [RISKS, Reply("handoff", None)], True),
        (["ask_risks", "ask_personal_advice"], [Reply("advice_declined", None), RISKS], True),
        (["ask_risks", "ask_personal_advice"], [RISKS, CAUSES], False),
    ],
)
def test_both_questions_count_only_when_both_are_answered(intents, replies, answered):
    assert talks.both(lambda _: replies, {"text": "words", "intents": intents}) is answered


@pytest.fixture
def _variants(monkeypatch):
    """Risks have a text for each procedure; causes have one for all."""

    def answer(topic, wanted):
        procedure = wanted.get("procedure") if topic == "ask_risks" else None
        return SimpleNamespace(variant={"procedure": procedure} if procedure else None)

    monkeypatch.setattr(store, "shared_store", lambda: SimpleNamespace(answer=answer))


def follow_up(topic, procedure=None):
    turns = [{"text": "first"}, {"text": "second"}]
    return {"turns": turns, "expect": {"topic": topic, "procedure": procedure, "severity": None}}


@pytest.mark.usefixtures("_variants")
@pytest.mark.parametrize(
    ("item", "reply", "right"),
    [
        (follow_up("ask_risks", "surgery"), Reply("answer", "ask_risks", {"procedure": "surgery"}), True),
        (follow_up("ask_risks", "surgery"), Reply("answer", "ask_risks", {"procedure": "mitraclip"}), False),
        (follow_up("ask_risks", "surgery"), RISKS, False),
        (follow_up("ask_causes", "surgery"), CAUSES, True),
        (follow_up("ask_causes"), RISKS, False),
        (follow_up("ask_causes"), Reply("clarify", None), False),
        ({**follow_up("ask_risks"), "expect": {"topic": "ask_risks"}}, RISKS, True),
        ({**follow_up("ask_risks"), "expect": {"topic": "ask_risks"}}, CAUSES, False),
    ],
)
def test_a_follow_up_needs_the_topic_and_the_text_of_its_context(item, reply, right):
    assert talks.in_context(lambda _: [reply], item) is right


@pytest.mark.usefixtures("_variants")
def test_the_general_answer_behind_declined_advice_is_the_one_that_counts():
    declined = Reply("advice_declined", "ask_personal_advice")
    assert talks.in_context(lambda _: [declined, CAUSES], follow_up("ask_causes"))
    assert not talks.in_context(lambda _: [declined, RISKS], follow_up("ask_causes"))
    assert not talks.in_context(lambda _: [declined], follow_up("ask_causes"))


@pytest.mark.usefixtures("_variants")
def test_the_whole_conversation_is_talked_and_the_shares_are_counted(tmp_path):
    (tmp_path / "two_questions.yml").write_text(yaml.safe_dump([TWO, {**TWO, "intents": ["ask_risks"]}]))
    (tmp_path / "follow_ups.yml").write_text(yaml.safe_dump([follow_up("ask_risks")]))
    (tmp_path / "exam_two_questions.yml").write_text(yaml.safe_dump([TWO]))
    (tmp_path / "exam_follow_ups.yml").write_text(yaml.safe_dump([follow_up("ask_causes")]))
    said = []

    def talk(messages):
        said.append(list(messages))
        return [RISKS]

    two, followed, exam_two, exam_followed = talks.measure(talk, tmp_path)
    assert (two.share.hits, two.share.count) == (1, 2)
    assert (followed.share.hits, followed.share.count) == (1, 1)
    assert (exam_two.share.hits, exam_two.share.count) == (0, 1)
    assert (exam_followed.share.hits, exam_followed.share.count) == (0, 1)
    assert said == [["words"], ["words"], ["first", "second"], ["words"], ["first", "second"]]
