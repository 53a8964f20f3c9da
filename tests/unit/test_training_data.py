"""The training messages: what is wrong with them is told with file and line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from rapidfuzz.fuzz import token_sort_ratio

from valve_clinic import paths, training_data, training_doubles
from valve_clinic.training_data import MIN_MESSAGES, TrainingMessage, in_order, key, read

HEAD = 'version: "3.1"\n\nnlu:\n'


def intent(name: str, *messages: str, count: int = MIN_MESSAGES) -> str:
    lines = [*messages, *(f"{name} number {number}" for number in range(count - len(messages)))]
    return f"- intent: {name}\n  examples: |\n" + "".join(f"    - {line}\n" for line in lines)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with nothing wrong."""
    (tmp_path / "nlu").mkdir()
    (tmp_path / "domain.yml").write_text("intents:\n- greet\n- ask_causes\n- ask_risks\n- nlu_fallback\n")
    lookup = "- lookup: procedure\n  examples: |\n    - surgery\n    - the clip\n"
    (tmp_path / "nlu.yml").write_text(HEAD + lookup + intent("greet"))
    for name in ("ask_causes", "ask_risks"):
        (tmp_path / "nlu" / f"{name}.yml").write_text(HEAD + intent(name))
    return tmp_path


def check(data: Path) -> list[str]:
    return training_data.check(training_data.read(data), data / "domain.yml")


def test_messages_are_read_with_intent_file_and_line(data):
    messages = training_data.read(data)
    assert len(messages) == 3 * MIN_MESSAGES, "look-up lists are not messages"
    first = next(message for message in messages if message.intent == "ask_causes")
    assert (first.text, first.line, first.place) == ("ask_causes number 0", 6, "nlu/ask_causes.yml:6")


def test_data_without_a_mistake_have_no_problem(data):
    assert check(data) == []


@pytest.mark.parametrize("double", ["Why, Me?", "why me", "WHY -- ME!!"])
def test_the_same_message_under_two_intents_is_told_with_both_places(data, double):
    (data / "nlu/ask_causes.yml").write_text(HEAD + intent("ask_causes", "why me?"))
    (data / "nlu/ask_risks.yml").write_text(HEAD + intent("ask_risks", double))
    assert check(data) == ["nlu/ask_risks.yml:6: the same message stands at nlu/ask_causes.yml:6 (ask_causes)"]


def test_the_same_message_twice_in_one_file_is_told(data):
    (data / "nlu/ask_causes.yml").write_text(HEAD + intent("ask_causes", "why me?", "why me"))
    assert check(data) == ["nlu/ask_causes.yml:7: the same message stands at nlu/ask_causes.yml:6 (ask_causes)"]


def test_an_intent_in_the_file_of_another_is_told_for_each_message(data):
    path = data / "nlu/ask_causes.yml"
    path.write_text(path.read_text() + intent("ask_risks", "is it dangerous", count=1))
    assert check(data) == [f"nlu/ask_causes.yml:{6 + MIN_MESSAGES + 2}: ask_risks in the file of ask_causes"]


def test_too_few_messages_are_told(data):
    (data / "nlu/ask_causes.yml").write_text(HEAD + intent("ask_causes", count=MIN_MESSAGES - 1))
    assert check(data) == [f"ask_causes has {MIN_MESSAGES - 1} messages; it needs {MIN_MESSAGES}"]


def test_an_intent_without_any_message_is_told(data):
    (data / "nlu/ask_causes.yml").unlink()
    assert check(data) == [f"ask_causes has 0 messages; it needs {MIN_MESSAGES}"]


def test_an_intent_that_the_domain_does_not_have_is_told(data):
    (data / "nlu/ask_weather.yml").write_text(HEAD + intent("ask_weather"))
    assert check(data) == ["ask_weather is not in domain.yml"]


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("how long does the recovery take", "how long does the recoverry take", True),
        ("how long does the recovery take", "the recovery, how long does take?", True),
        ("how long does the recovery take", "how much does the surgery cost", False),
        ("sure thing", "sure things", False),
    ],
)
def test_messages_of_one_intent_that_differ_in_little_are_told(data, one, other, near):
    (data / "nlu/ask_causes.yml").write_text(HEAD + intent("ask_causes", one, other))
    told = [f"nlu/ask_causes.yml:7: nearly the same as nlu/ask_causes.yml:6: {one!r}"]
    assert check(data) == (told if near else [])


def test_messages_that_differ_in_little_may_stand_under_two_intents(data):
    (data / "nlu/ask_causes.yml").write_text(HEAD + intent("ask_causes", "how long does the recovery take"))
    (data / "nlu/ask_risks.yml").write_text(HEAD + intent("ask_risks", "how long does the recoverry take"))
    assert check(data) == []


def test_all_problems_are_told_at_once(data):
    (data / "nlu/ask_weather.yml").write_text(HEAD + intent("ask_weather"))
    (data / "nlu/ask_causes.yml").write_text(HEAD + intent("ask_causes", "Same.", "same", count=4))
    assert len(check(data)) == 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Hi!", "hi", True),
        ("mitra-clip", "mitra clip", True),
        ("👍", "👎", False),
        ("?", "!", False),
        ("a b", "ab", False),
    ],
)
def test_two_messages_are_one_when_only_case_and_punctuation_differ(one, other, same):
    assert (training_data.key(one) == training_data.key(other)) is same


WORDS = ["is it safe", "Safe, is it?", "how long does the recovery take", "does the recoverry take how long", "", "???"]


@pytest.mark.parametrize("least", [0, 80, 90])
def test_likeness_is_that_of_sorted_words(least):
    words = [in_order(text) for text in WORDS]
    for row, one in zip(training_data.likeness(words, words, least), WORDS, strict=True):
        expected = [token_sort_ratio(key(one), key(other), score_cutoff=least) for other in WORDS]
        assert row.tolist() == [round(value) for value in expected]


def doubles(vectors: dict[str, tuple[float, float]], *texts: str) -> list[tuple[str, str]]:
    messages = [TrainingMessage(text, "ask_risks", Path("ask_risks.yml"), line) for line, text in enumerate(texts)]
    found = training_doubles.find(messages, lambda asked: np.array([vectors[text] for text in asked]))
    return [(later.text, earlier.text) for later, earlier in found]


def test_two_messages_are_one_when_letters_and_meaning_agree():
    one, other = "how dangerous is the clip for him", "how dangerous is the clip for her"
    assert doubles({one: (1, 0), other: (1, 0)}, one, other) == [(other, one)]
    assert doubles({one: (1, 0), other: (0.8, 0.6)}, one, other) == [], "nearly the same letters, another meaning"


def test_messages_with_other_letters_are_not_even_read():
    assert doubles({}, "how dangerous is the clip for him", "will my wife come through the surgery") == []
    assert doubles({}, "is it safe", "is it safe?") == [], "short ones are alike by nature"


def test_the_real_training_messages_have_nothing_wrong():
    messages = training_data.read()
    assert training_data.check(messages) == []
    assert {message.file.stem for message in messages} == {p.stem for p in (paths.DATA / "nlu").glob("*.yml")} | {"nlu"}


def held_out_texts():
    """Every message of the files that measure, those of two questions and of follow-ups included."""
    for path in sorted((paths.ROOT / "tests" / "nlu").glob("*.yml")):
        for item in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield from (turn["text"] for turn in item.get("turns", [item]))


def test_no_training_message_is_nearly_a_held_out_one():
    """A figure from messages that were learnt is not a result; short ones are alike by nature."""
    asked = sorted({key(text) for text in held_out_texts() if len(key(text).split()) >= 5})
    known = [key(message.text) for message in read()]
    alike = training_data.likeness([in_order(text) for text in known], [in_order(text) for text in asked], 90)
    found = [(known[row], asked[column]) for row, column in np.argwhere(alike)]
    assert found == []
