"""Files of labelled messages: what is read, and what is said of a bad one."""

from __future__ import annotations

from pathlib import Path

import pytest

from valve_clinic.evaluation import messages
from valve_clinic.evaluation.messages import LabelledMessage, MessagesError

INTENTS = {"ask_causes", "ask_risks"}


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "some.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_messages_are_read_in_order(tmp_path):
    path = write(
        tmp_path,
        "- text: why\n  intent: ask_causes\n"
        "- text: how bad\n  intent: ask_risks\n  also: [ask_causes]\n  slices: [short]\n",
    )
    first, second = messages.read(path, INTENTS)
    assert first == LabelledMessage("why", "ask_causes")
    assert second == LabelledMessage("how bad", "ask_risks", ("ask_causes",), ("short",))
    assert second.accepted == {"ask_causes", "ask_risks"}


def test_a_message_may_say_where_it_comes_from(tmp_path):
    path = write(tmp_path, "- text: why\n  intent: ask_causes\n  source: a forum\n")
    assert messages.read(path, INTENTS) == [LabelledMessage("why", "ask_causes")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- text: why\n  intent: ask_causes\n- text: secret words\n", "some.yml:3: intent is missing"),
        ("- intent: ask_causes\n", "some.yml:1: text is missing"),
        ("- text: 7\n  intent: ask_causes\n", "some.yml:1: text is missing or is not a text"),
        ("- text: secret words\n  intent: ask_nothing\n", "some.yml:1: there is no intent ask_nothing in domain.yml"),
        ("- text: why\n  intent: ask_causes\n  also: [ask_no]\n", "some.yml:1: there is no intent ask_no"),
        ("- text: why\n  intent: ask_causes\n  also: ask_risks\n", "some.yml:1: also is not a list of names"),
        ("- text: why\n  intent: ask_causes\n  slice: [a]\n", "some.yml:1: unknown key slice"),
        ("- why\n", "some.yml:1: not a message with text and intent"),
        ("text: why\n", "some.yml:1: not a list of messages"),
        ("", "some.yml:1: not a list of messages"),
        ("- text: why\n  intent: [\n", "not valid YAML"),
    ],
)
def test_a_bad_message_is_named_by_file_and_line_without_its_words(tmp_path, text, said):
    with pytest.raises(MessagesError) as raised:
        messages.read(write(tmp_path, text), INTENTS)
    assert said in str(raised.value)
    assert "secret" not in str(raised.value)


def test_messages_of_the_training_data_are_marked_whatever_their_case_and_punctuation():
    asked = [LabelledMessage("Why me?", "ask_causes"), LabelledMessage("why you", "ask_causes")]
    assert [m.in_training for m in messages.mark_trained(asked, ["why me", "how bad"])] == [True, False]


def test_all_problems_are_said_at_once(tmp_path):
    with pytest.raises(MessagesError) as raised:
        messages.read(write(tmp_path, "- text: a\n- text: b\n"), INTENTS)
    assert len(str(raised.value).splitlines()) == 2


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(MessagesError, match="the file is missing"):
        messages.read(tmp_path / "none.yml", INTENTS)


def test_the_projects_own_messages_are_right():
    assert len(messages.read(messages.HELD_OUT, messages.domain_intents())) > 500
