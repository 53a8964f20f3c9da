"""The inbox in the console: a manager reads, assigns, notes and dismisses, and each decision is audited."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from unit.insights.conftest import CLARIFY, Desk
from valve_clinic.console.store import ConsoleStore
from valve_clinic.insights import console_inbox, groups
from valve_clinic.insights.inbox import Inbox
from valve_clinic.insights.models import prepare

from .conftest import PASSWORD, Browser, Clock, csrf_of

HOSTILE = "is <b>this</b> a van"


@pytest.fixture
def desk(store: ConsoleStore, website, clock: Clock, sample_clinic) -> Desk:
    """Missed messages in the console's database: two that are alike, and one."""
    made = Desk(prepare(store.engine), website, clock, sample_clinic)
    for text in (HOSTILE, "van for my wife", "my dog"):
        made.visit().say(text, CLARIFY, "nlu_fallback", 0.4)
    made.update()
    return made


@pytest.fixture
def box(desk: Desk) -> Inbox:
    return Inbox(desk.engine, desk.clock)


@pytest.fixture
def boss(store: ConsoleStore, browser: Browser) -> Browser:
    store.add_account("boss", "manager", PASSWORD)
    assert browser.log_in("boss").status_code == 303
    return browser


def number_of(box: Inbox, text: str) -> str:
    return next(str(item.id) for item in box.items(None) if item.text == text)


def send(boss: Browser, number: str, **fields: str):
    token = csrf_of(boss.get(f"/inbox/message?number={number}"))
    return boss.http.post("/console/inbox/message", data={"csrf": token, "number": number, **fields})


def audited(store: ConsoleStore) -> list[tuple[str, str, str | None, str]]:
    log = reversed(store.audit_log())
    return [(line.account, line.action, line.subject, line.outcome) for line in log if line.action != "login"]


def vans(given: Sequence[str]) -> np.ndarray:
    return np.array([[1.0, 0.0] if "van" in text else [0.0, 1.0] for text in given], dtype=np.float32)


def test_messages_that_are_alike_stand_together_with_their_likeliest_intents(boss, desk, box) -> None:
    names = ["ask_location_hours", "ask_risks", "ask_causes", "greet"]
    box.rank(lambda _: {"intent_ranking": [{"name": name, "confidence": 0.25} for name in names]})
    assert groups.remember(desk.engine, box, vans) == 1
    page = boss.get("/inbox").text
    assert "3 messages" in page
    assert page.index("2 that are alike") < page.index("van for my wife") < page.index("my dog")
    assert page.count("Likeliest: ask_location_hours 0.25, ask_risks 0.25, ask_causes 0.25.") == 3
    assert "is &lt;b&gt;this&lt;/b&gt; a van" in page
    one = boss.get(f"/inbox/message?number={number_of(box, 'van for my wife')}").text
    assert "<dt>Alike</dt><dd>is &lt;b&gt;this&lt;/b&gt; a van</dd>" in one


def test_without_groups_and_model_each_message_stands_alone(boss, desk, box) -> None:
    assert groups.remember(desk.engine, box, None) == 0
    page = boss.get("/inbox").text
    assert ("that are alike" in page, page.count("not known yet")) == (False, 3)


def test_a_group_goes_with_its_messages(desk: Desk, box: Inbox) -> None:
    groups.remember(desk.engine, box, vans)
    for session in ("0001", "0002"):
        desk.store.delete(session.ljust(40, "x"))
    assert [[item.text for item in group] for group in groups.together(desk.engine, box.items())] == [["my dog"]]


def test_a_person_assigns_notes_dismisses_and_opens_again_and_each_is_audited(store, boss, box) -> None:
    number = number_of(box, "my dog")
    answer = send(boss, number, act="assign", intent="ask_location_hours", wording="may my dog come along")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/console/inbox?done={number}")
    assert f"Message {number} is assigned: ask_location_hours." in boss.get(f"/inbox?done={number}").text
    item = box.item(int(number))
    assert (item.status, item.assigned, item.wording, item.changed_by) == (
        *("assigned", "ask_location_hours", "may my dog come along", "boss"),
    )
    assert send(boss, number, act="note", note="ask the front desk").status_code == 303
    assert box.item(int(number)).note == "ask the front desk"
    assert send(boss, number, act="reopen").status_code == 303
    assert send(boss, number, act="dismiss").status_code == 303
    assert box.item(int(number)).status == "dismissed"
    assert audited(store) == [
        ("boss", f"inbox {act}", f"message {number}", "ok") for act in ("assign", "note", "reopen", "dismiss")
    ]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"act": "assign", "intent": "ask_nothing"}, "domain.yml has no intent"),
        ({"act": "assign", "intent": ""}, "domain.yml has no intent"),
        ({"act": "assign", "intent": "ask_risks", "wording": "i am Harold Whitcombe"}, "looks like personal data"),
        ({"act": "note", "note": "x" * 501}, "at most 500"),
        ({"act": "shout"}, "does not say what is to be done"),
        ({}, "does not say what is to be done"),
    ],
)
def test_what_cannot_be_kept_is_said_and_audited_as_refused(store, boss, box, fields, problem) -> None:
    number = number_of(box, "my dog")
    answer = send(boss, number, **fields)
    assert (answer.status_code, problem in answer.text) == (400, True)
    assert box.item(int(number)).status == "open"
    assert [line[3] for line in audited(store)] == ["refused"]
    assert "Whitcombe" not in str(audited(store))


def test_a_forged_form_decides_nothing(boss: Browser, box: Inbox) -> None:
    number = number_of(box, "my dog")
    fields = {"csrf": "0", "number": number, "act": "dismiss"}
    assert boss.http.post("/console/inbox/message", data=fields).status_code == 403
    assert box.item(int(number)).status == "open"


@pytest.mark.parametrize("number", ["", "7000", "-1", "x", "9" * 30, "²"])
def test_a_message_that_is_not_there_is_told(boss: Browser, desk: Desk, number: str) -> None:
    assert boss.http.get("/console/inbox/message", params={"number": number}).status_code == 404


def test_status_and_reason_choose_and_anything_else_is_the_open_ones(boss, desk, box) -> None:
    box.dismiss(int(number_of(box, "my dog")))
    assert "my dog" not in boss.get("/inbox").text
    assert "my dog" in boss.get("/inbox?status=dismissed").text
    assert "0 messages" in boss.get("/inbox?reason=unhelpful").text
    assert "2 messages" in boss.get("/inbox?reason=clarified").text
    for query in ("status=x", "reason=<b>", "page=0", "page=99", "page=x", "done=x", "done=99"):
        page = boss.get(f"/inbox?{query}")
        assert (page.status_code, "2 messages" in page.text) == (200, True)


def test_many_messages_are_shown_by_page_and_none_twice(boss, desk, monkeypatch) -> None:
    monkeypatch.setattr(console_inbox, "A_PAGE", 2)
    first, second = boss.get("/inbox").text, boss.get("/inbox?page=2").text
    assert "Page 1 of 2" in first
    shown = [
        text for page in (first, second) for text in ("a van", "van for my wife", "my dog") if f"{text}</p>" in page
    ]
    assert sorted(shown) == ["a van", "my dog", "van for my wife"]
