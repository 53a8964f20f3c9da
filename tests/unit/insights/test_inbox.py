"""What comes into the inbox, what a person may do with it, and what leaves it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from valve_clinic import cli, training_data
from valve_clinic.channel.store import WebsiteStore
from valve_clinic.content.schema import Clinic
from valve_clinic.insights import export as exporting
from valve_clinic.insights import inbox
from valve_clinic.insights.inbox import Inbox, InboxError, Item
from valve_clinic.insights.models import prepare
from valve_clinic.training_data import TrainingMessage

from .conftest import ANSWER, CLARIFY, HANDOFF, Clock, Desk, reply

DECLINE = {"replies": [reply("chitchat")], "intent": "out_of_scope", "said": "utter_decline_out_of_scope"}


@pytest.fixture
def box(desk: Desk) -> Inbox:
    return Inbox(desk.engine, desk.clock)


def texts(box: Inbox, **options: Any) -> set[str]:
    return {item.text for item in box.items(**options)}


def one(desk: Desk, box: Inbox, text: str = "is there a van") -> Item:
    desk.visit().say(text, CLARIFY, "nlu_fallback")
    desk.update()
    return box.items()[0]


def test_messages_that_were_not_served_well_come_in_with_their_reasons(desk: Desk, box: Inbox) -> None:
    desk.visit().say("asked back", CLARIFY, "nlu_fallback", 0.7)
    desk.visit().say("declined", **DECLINE)
    desk.visit().say("hm", CLARIFY, "nlu_fallback").say("given up", HANDOFF, "nlu_fallback")
    desk.visit().say("no answer", None)
    desk.visit().say("disliked", ANSWER).rate(False)
    desk.visit().say("not sure", ANSWER, confidence=0.79).rate(False)
    desk.update()
    assert {item.text: item.reasons for item in box.items()} == {
        "asked back": ("clarified",),
        "declined": ("missed",),
        "hm": ("clarified",),
        "given up": ("missed",),
        "no answer": ("unanswered",),
        "disliked": ("unhelpful",),
        "not sure": ("unhelpful", "unsure"),
    }


def test_what_was_served_well_pressed_or_dangerous_stays_out(desk: Desk, box: Inbox) -> None:
    desk.visit().say("fine", ANSWER).rate(True)
    desk.visit().say("sure enough", ANSWER, confidence=0.8)
    desk.visit().say("answered, another topic offered below", [*ANSWER, *CLARIFY], confidence=0.85)
    desk.visit().say("/out_of_scope", **DECLINE)
    desk.visit().say("chest pain", [reply("emergency")], "report_emergency", 0.4)
    desk.visit().say("a person", HANDOFF, "request_human")
    desk.update()
    assert texts(box) == set()


def test_a_late_rating_adds_its_reason_and_a_decision_stays(desk: Desk, box: Inbox) -> None:
    talk = desk.visit().say("not sure", ANSWER, confidence=0.75)
    desk.update()
    (item,) = box.items()
    box.assign(item.id, "ask_risks", by="Ann")
    talk.rate(False)
    desk.update()
    found = box.item(item.id)
    assert (found.reasons, found.status, found.assigned) == (("unhelpful", "unsure"), "assigned", "ask_risks")


def test_a_person_assigns_notes_dismisses_and_takes_it_back(desk: Desk, box: Inbox) -> None:
    item = one(desk, box)
    assert (item.status, item.assigned, item.note) == ("open", None, None)
    assigned = box.assign(item.id, "ask_location_hours", "do you have a van for patients", "Ann")
    assert (assigned.status, assigned.assigned, assigned.wording) == (
        "assigned",
        "ask_location_hours",
        "do you have a van for patients",
    )
    assert (assigned.changed_by, assigned.changed_at) == ("Ann", desk.clock.now)
    assert box.note(item.id, "ask the front desk").note == "ask the front desk"
    assert box.note(item.id, " ").note is None
    assert (box.dismiss(item.id).status, box.items()) == ("dismissed", [])
    assert box.reopen(item.id).status == "open"


def test_the_same_words_are_decided_together_and_others_are_not(desk: Desk, box: Inbox) -> None:
    for text in ("asdf", "asdf", "van?"):
        desk.visit().say(text, CLARIFY, "nlu_fallback")
    desk.update()
    first = next(item for item in box.items() if item.text == "asdf")
    box.dismiss(first.id)
    assert texts(box) == {"van?"}


@pytest.mark.parametrize("intent", ["nlu_fallback", "ask_nothing", ""])
def test_an_intent_must_be_one_that_messages_are_written_for(desk: Desk, box: Inbox, intent: str) -> None:
    item = one(desk, box)
    with pytest.raises(InboxError, match=r"domain\.yml"):
        box.assign(item.id, intent)
    assert box.item(item.id).status == "open"


@pytest.mark.parametrize(
    ("wording", "problem"),
    [
        ("my name is Harold Whitcombe", "personal data"),
        ("call [phone] please", r"the mask \[phone\]"),
        ("  ", "empty"),
        ("x" * 501, "501 characters"),
    ],
)
def test_other_words_must_be_short_and_without_personal_data(desk: Desk, box: Inbox, wording, problem) -> None:
    item = one(desk, box)
    with pytest.raises(InboxError, match=problem):
        box.assign(item.id, "ask_risks", wording)


def test_a_note_is_masked(desk: Desk, box: Inbox) -> None:
    item = one(desk, box)
    assert box.note(item.id, "this was Harold Whitcombe, 501-555-0142").note.count("[") >= 1
    assert "0142" not in str(box.item(item.id).note)
    with pytest.raises(InboxError, match="at most 500"):
        box.note(item.id, "x" * 501)


def test_what_is_gone_is_said(box: Inbox) -> None:
    for act in (box.item, box.dismiss, box.reopen):
        with pytest.raises(InboxError, match="no item 7"):
            act(7)


def test_the_model_is_asked_once_for_the_three_likeliest_intents(desk: Desk, box: Inbox) -> None:
    one(desk, box)
    asked: list[str] = []

    def parse(text: str) -> dict[str, Any]:
        asked.append(text)
        names = ["nlu_fallback", "ask_risks", "ask_causes", "greet", "deny"]
        return {"intent_ranking": [{"name": name, "confidence": 0.5} for name in names]}

    assert box.needs_ranking()
    assert (box.rank(parse), box.rank(parse), asked) == (1, 0, ["is there a van"])
    assert not box.needs_ranking()
    assert box.items()[0].options == (("ask_risks", 0.5), ("ask_causes", 0.5), ("greet", 0.5))


def test_messages_that_are_alike_stand_together_the_largest_group_first(desk: Desk, box: Inbox) -> None:
    for text in ("van today", "alone", "van tomorrow"):
        desk.visit().say(text, CLARIFY, "nlu_fallback")
    desk.update()

    def encode(given: Sequence[str]) -> np.ndarray:
        return np.array([[1.0, 0.0] if "van" in text else [0.0, 1.0] for text in given], dtype=np.float32)

    groups = inbox.grouped(box.items(), encode)
    assert [{item.text for item in group} for group in groups] == [{"van today", "van tomorrow"}, {"alone"}]
    assert [len(group) for group in inbox.grouped(box.items(), None)] == [1, 1, 1]
    assert inbox.grouped([], encode) == []


def made(number: int, text: str, intent: str = "ask_risks", wording: str | None = None) -> Item:
    from datetime import datetime, timezone

    at = datetime(2026, 11, 23, tzinfo=timezone.utc)
    return Item(
        *(number, at, text, ("missed",), None, None, None, "assigned", intent, wording),
        *(None, None, None),
    )


def read_back(folder: Path) -> list[tuple[str, str]]:
    (folder / "nlu.yml").write_text('version: "3.1"\n')
    return [(message.text, message.intent) for message in training_data.read(folder)]


def test_examples_are_written_in_the_layout_of_the_training_data(tmp_path: Path) -> None:
    items = [made(1, "what if it slips"), made(2, "is it risky at 90", wording="is it risky when old")]
    items.append(made(3, "van?", "ask_location_hours"))
    done = exporting.export(items, tmp_path / "nlu", [])
    assert [path.name for path in done.files] == ["ask_location_hours.yml", "ask_risks.yml"]
    assert read_back(tmp_path) == [
        ("van?", "ask_location_hours"),
        ("what if it slips", "ask_risks"),
        ("is it risky when old", "ask_risks"),
    ]
    for path in done.files:
        assert yaml.safe_load(path.read_text())["version"] == "3.1"
        assert "not invented" in path.read_text()
    assert (done.items, done.refused) == ((1, 2, 3), ())


def test_a_file_that_is_there_keeps_all_that_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "nlu"
    folder.mkdir()
    before = '# Invented.\nversion: "3.1"\nnlu:\n- intent: ask_risks\n  examples: |\n    - is it safe\n'
    (folder / "ask_risks.yml").write_text(before)
    exporting.export([made(1, "what if it slips")], folder, [])
    assert (folder / "ask_risks.yml").read_text().startswith(before)
    assert read_back(tmp_path) == [("is it safe", "ask_risks"), ("what if it slips", "ask_risks")]


def test_one_new_file_may_hold_all_intents(tmp_path: Path) -> None:
    path = tmp_path / "new.yml"
    exporting.export([made(1, "what if it slips"), made(2, "van?", "ask_location_hours")], path, [])
    found = yaml.safe_load(path.read_text())["nlu"]
    assert [block["intent"] for block in found] == ["ask_location_hours", "ask_risks"]
    with pytest.raises(InboxError, match="there already"):
        exporting.export([made(3, "another one")], path, [])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("my name is [name] and i worry", r"the mask \[name\]"),
        ("call 501-555-0142", "phone"),
        ("i am Harold Whitcombe", "name"),
        ("is [this](condition) bad", "brackets"),
        ("is it safe", r"the same message stands at data/ask_risks\.yml:7 \(ask_risks\)"),
        ("Is it SAFE?", "the same message stands"),
    ],
)
def test_personal_data_marks_and_doubles_are_refused_and_the_rest_is_written(tmp_path, text, problem) -> None:
    known = [TrainingMessage("is it safe", "ask_risks", Path("data/ask_risks.yml"), 7)]
    done = exporting.export([made(1, text), made(2, "what if it slips")], tmp_path / "nlu", known)
    assert done.items == (2,)
    (refused,) = done.refused
    assert refused.item == 1
    with pytest.raises(AssertionError, match=problem):
        raise AssertionError(str(refused))


def test_two_items_that_say_the_same_are_written_once(tmp_path: Path) -> None:
    done = exporting.export([made(1, "what if it slips"), made(2, "What if it slips?")], tmp_path, [])
    assert (done.items, done.refused[0].reason) == ((1,), "the same message stands at item 1 (ask_risks)")


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=60))
def test_whatever_is_written_is_read_back_as_one_example_of_its_intent(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        done = exporting.export([made(1, text)], folder / "nlu", [])
        if done.items:
            found = yaml.safe_load((folder / "nlu" / "ask_risks.yml").read_text(encoding="utf-8"))["nlu"]
            assert found == [{"intent": "ask_risks", "examples": f"- {' '.join(text.split())}\n"}]


def test_the_commands_go_from_a_missed_message_to_an_example(
    sqlite: Engine, clock: Clock, sample_clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(prepare(sqlite), WebsiteStore(sqlite, clock), clock, sample_clinic)
    monkeypatch.setenv("WEBSITE_DATABASE_URL", f"sqlite:///{tmp_path}/website.db")
    monkeypatch.setattr("valve_clinic.training.model_path", lambda: tmp_path / "no model")
    desk.visit().say("zanzibar van for riders", CLARIFY, "nlu_fallback")

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.main, list(words))
        return result.exit_code, result.output

    assert "1 new messages in the inbox" in run("insights", "update")[1]
    assert "clarified: zanzibar van for riders" in run("inbox", "list")[1]
    assert run("inbox", "assign", "1", "ask_nothing")[0] == 1
    assert "status:       assigned" in run("inbox", "assign", "1", "ask_location_hours", "--by", "Ann")[1]
    assert run("inbox", "note", "1", "front desk")[0] == 0
    assert "front desk" in run("inbox", "show", "1")[1]
    code, said = run("inbox", "export", "--out", str(tmp_path / "nlu"))
    assert (code, "1 examples written" in said) == (0, True)
    assert "    - zanzibar van for riders\n" in (tmp_path / "nlu" / "ask_location_hours.yml").read_text()
    assert "0 examples written" in run("inbox", "export", "--out", str(tmp_path / "nlu"))[1]
    assert run("inbox", "dismiss", "99") == (
        1,
        "Error: there is no item 99; messages are deleted with their conversation\n",
    )
    assert "0 messages" in run("inbox", "list")[1]
    code, said = run("insights", "report", "--out", str(tmp_path / "report.html"))
    assert (code, (tmp_path / "report.html").exists()) == (0, True), said
    assert run("insights", "report", "--format", "csv")[1].startswith("day,figure,key,count\n")
    assert run("insights", "report", "--from", "2026-11-23", "--to", "2026-11-01")[0] == 1
    assert "cannot be written" in run("insights", "report", "--out", str(tmp_path / "no" / "report.html"))[1]


def test_the_commands_say_what_is_wrong_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_reading: None
) -> None:
    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.main, list(words))
        assert not result.exception or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    monkeypatch.setenv("WEBSITE_DATABASE_URL", f"sqlite:///{tmp_path}/website.db")
    broken = tmp_path / "model.tar.gz"
    broken.write_bytes(b"no archive")
    monkeypatch.setattr("valve_clinic.training.model_path", lambda: broken)
    code, said = run("inbox", "list")
    assert (code, "model.tar.gz cannot be read" in said, "0 messages" in said) == (0, True, True)
    monkeypatch.setenv("WEBSITE_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    code, said = run("insights", "update")
    assert (code, "cannot be used (OperationalError); see WEBSITE_DATABASE_URL" in said) == (1, True)
