"""What the tuned branch learns from: spans of a message, and two messages put together."""

from __future__ import annotations

import numpy as np

from valve_clinic.nlu import lessons
from valve_clinic.nlu.lessons import UNKNOWN

CALM, DANGER = np.array([0.0, 0.0]), np.array([1.0, 0.0])


def said(lesson):
    return [lesson.text[start:end] for start, end in lesson.spans]


def test_a_short_message_is_one_lesson():
    lesson = lessons.of_message("is it safe", [(0, 10)], 3, CALM)
    assert said(lesson) == ["is it safe"]
    assert lesson.labels.tolist() == [3]
    assert lesson.flags.tolist() == [[0, 0]]


def test_the_question_of_a_story_means_what_the_message_means_and_the_story_nothing():
    text = "Mama got her clip on Monday. How long until she can drive?"
    lesson = lessons.of_message(text, [(0, 28), (29, len(text))], 3, CALM)
    meant = dict(zip(said(lesson), lesson.labels.tolist(), strict=True))
    assert meant["How long until she can drive?"] == 3
    assert meant.get("Mama got her clip on Monday.", UNKNOWN) == UNKNOWN


def test_clauses_of_a_harmless_message_are_harmless_and_of_a_dangerous_one_unknown():
    text = "I was asking about the parking and my chest is killing me right now"
    calm, danger = (lessons.of_message(text, [(0, len(text))], 1, flags) for flags in (CALM, DANGER))
    assert len(calm.spans) == len(danger.spans) > 1
    assert not calm.flags.any()
    assert danger.flags[0].tolist() == [1, 0]
    assert danger.flags[1:].tolist() == [[UNKNOWN, 0]] * (len(danger.spans) - 1)


def learnt():
    calm = [lessons.of_message(f"question number {n}", [(0, 17)], n % 5, CALM) for n in range(40)]
    return [*calm, lessons.of_message("my chest hurts", [(0, 14)], 9, DANGER)]


def test_two_messages_put_together_keep_their_meanings():
    known = {lesson.text: lesson for lesson in learnt()}
    pairs = lessons.together(learnt(), 1.0, 100, np.random.default_rng(1))
    assert pairs
    for pair in pairs:
        whole, *parts = said(pair)
        assert whole == pair.text
        assert [known[part].labels[0] for part in parts] == pair.labels[1:].tolist()
        assert pair.labels[0] == UNKNOWN
        assert pair.flags[0].tolist() == np.maximum(*(known[part].flags[0] for part in parts)).tolist()
        assert pair.labels[1] != pair.labels[2]
    assert any(pair.flags.any() for pair in pairs)


def test_the_same_seed_puts_the_same_messages_together():
    first, second = (lessons.together(learnt(), 0.5, 100, np.random.default_rng(1)) for _ in "ab")
    assert [pair.text for pair in first] == [pair.text for pair in second]


def test_long_messages_are_not_put_together():
    assert lessons.together(learnt(), 1.0, 3, np.random.default_rng(1)) == []


def test_a_short_message_behind_another_one_keeps_its_meaning():
    known = {lesson.text: lesson for lesson in learnt()}
    found = lessons.behind_others(learnt(), learnt()[:5], 1.0, 100, np.random.default_rng(1))
    assert found
    for lesson in found:
        whole, message = said(lesson)
        before = whole.removesuffix(message).rstrip(". ")
        assert lesson.labels.tolist() == [UNKNOWN, known[message].labels[0]]
        assert known[before].labels[0] != known[message].labels[0]
        assert not known[before].flags.any()
        assert not lesson.flags.any()


def test_a_danger_behind_a_harmless_message_is_one():
    lesson = lessons.of_follow_up("how long is recovery? he wont wake up", (22, 37), 9, DANGER)
    assert said(lesson)[1] == "he wont wake up"
    assert lesson.labels.tolist() == [UNKNOWN, 9]
    assert lesson.flags.tolist() == [[1, 0], [1, 0]]


def test_nothing_is_put_behind_others_where_nothing_speaks_for_itself():
    assert lessons.behind_others(learnt(), [], 1.0, 100, np.random.default_rng(1)) == []
