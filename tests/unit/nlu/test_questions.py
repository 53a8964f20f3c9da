"""A message is cut into its questions; what is story is no question."""

from __future__ import annotations

from itertools import pairwise

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st

from valve_clinic.nlu import language, questions
from valve_clinic.nlu.questions import Part, split

SNIPPETS = st.sampled_from(
    [
        "how long",
        "is it",
        "and",
        "also",
        ",",
        "; ",
        "?",
        " - ",
        "\n",
        "\u2019",
        "surgery",
        "the clip",
        "  ",
        "🫀",
        "I am",
    ]
)


@pytest.fixture(scope="module")
def parts():
    nlp = spacy.load(language.LANGUAGE_DIR)
    return lambda text: split(text, [(sentence.start_char, sentence.end_char) for sentence in nlp(text).sents])


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("How long is recovery?", ["How long is recovery?"]),
        ("How long is recovery? Will insurance pay?", ["How long is recovery?", "Will insurance pay?"]),
        ("how long is recovery and will insurance pay", ["how long is recovery", "will insurance pay"]),
        ("how long is recovery, and also does it hurt", ["how long is recovery", "does it hurt"]),
        ("what is mitraclip exactly how long is recovery", ["what is mitraclip exactly", "how long is recovery"]),
        ("can I drive; can I fly", ["can I drive", "can I fly"]),
        ("what\u2019s a leak and what\u2019s a clip", ["what\u2019s a leak", "what\u2019s a clip"]),
        ("is it safe and how long is it and what does it cost", ["is it safe", "how long is it", "what does it cost"]),
    ],
)
def test_a_message_is_cut_where_a_question_begins(parts, text, pieces):
    assert [part.text for part in parts(text)] == pieces
    assert all(part.is_question for part in parts(text))


@pytest.mark.parametrize(
    "text",
    [
        "what are the risks and benefits",
        "is it safe and effective",
        "tell me how it works",
        "tell me what is the clip",
        "what can I eat and drink before surgery",
        "do I call you or my doctor",
    ],
)
def test_one_question_stays_one(parts, text):
    assert [part.text for part in parts(text)] == [text]


@pytest.mark.parametrize(
    "text",
    ["My mother is 81 and has had a murmur for years.", "I am scared and tired", "the doctor said it leaks a lot"],
)
def test_a_story_is_no_question(parts, text):
    assert not any(part.is_question for part in parts(text))


@pytest.mark.parametrize(
    "text", ["ok so how long is it", "And what about surgery", "tell me about the clip", "you take medicare?"]
)
def test_a_question_is_known_by_its_beginning_or_its_mark(parts, text):
    assert [part.is_question for part in parts(text)] == [True]


@pytest.mark.parametrize("text", ["", "   ", "?", "why", "🫀🫀"])
def test_what_has_fewer_than_two_words_is_no_part(parts, text):
    assert parts(text) == []


def test_a_cut_leaves_no_scrap_before_it(parts):
    assert [part.text for part in parts("and, how long is it")] == ["and, how long is it"]


@settings(derandomize=True, database=None, deadline=None, max_examples=200)
@given(st.lists(SNIPPETS, max_size=25).map(" ".join))
def test_parts_stand_in_order_without_overlap(text):
    found = split(text, [(0, len(text))])
    assert all(part.text in text and 0 <= part.start < part.end <= len(text) for part in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    "text",
    ["How long is recovery?  And after the clip?", "How long is it?\n\nAnd after surgery?", "  how long is recovery"],
)
def test_a_part_stands_where_its_place_says(parts, text):
    for part in parts(text):
        assert text[part.start : part.end].startswith(part.text)


def test_a_question_needs_less_confidence_than_a_statement_and_a_story_never_has_enough():
    rules = questions.rules()
    question, statement = Part("does it hurt", 0, 12, True), Part("also my password fails", 0, 22, False)
    story = Part("word " * (rules.statement_max_words + 1), 0, 80, False)
    assert 0 < rules.needed(question) < rules.needed(statement) <= 1 < rules.needed(story)


def test_one_word_with_a_question_mark_asks_about_what_stands_before_it(parts):
    first, second = parts("The groin is purple. Normal? And when can I drive to church")
    assert (first.text, first.is_question) == ("The groin is purple. Normal?", True)
    assert second.text == "And when can I drive to church"
