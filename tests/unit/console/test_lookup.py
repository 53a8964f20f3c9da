"""What staff see of a chat by its code: topics and outcomes, and words only when they were shared."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valve_clinic.channel import references
from valve_clinic.channel.store import WebsiteStore
from valve_clinic.console import lookup
from valve_clinic.console.guard import LOOKUPS_PER_ACCOUNT
from valve_clinic.console.store import ConsoleStore

from .conftest import PASSWORD, Browser, Clock

WORDS = "is it <b>bad</b> that it leaks"


@pytest.fixture(autouse=True)
def _titles(monkeypatch: pytest.MonkeyPatch) -> None:
    titles = {"ask_causes": "What causes it"}
    monkeypatch.setattr(lookup, "shared_store", lambda: SimpleNamespace(titles=lambda: titles))


def reply(kind: str, topic: str | None = None) -> dict[str, Any]:
    return {"id": f"{kind}-{topic}", "kind": kind, "topic": topic, "text": "A text."}


@pytest.fixture
def code(website: WebsiteStore) -> str:
    website.start("visit", [reply("notice")], [])
    website.add_turn("visit", "1", WORDS, [reply("answer", "ask_causes")], [], "check")
    website.add_turn("visit", "2", "zzz", [reply("clarify")], [], "none")
    given_code = website.references.give("visit")
    assert given_code is not None
    return given_code


def test_without_sharing_there_are_topics_and_outcomes_and_no_words(nurse: Browser, code: str) -> None:
    page = nurse.post("/lookup", code=code.lower().replace("-", " "))
    assert page.status_code == 200
    for shown in ("What causes it", "answered", "not understood", "asked whether it is happening now", code):
        assert shown in page.text
    assert "it leaks" not in page.text
    assert "zzz" not in page.text


def test_shared_words_are_shown_as_text(nurse: Browser, website: WebsiteStore, code: str) -> None:
    assert website.references.share("visit")
    page = nurse.post("/lookup", code=code).text
    assert "is it &lt;b&gt;bad&lt;/b&gt; that it leaks" in page
    assert "<b>bad" not in page


def test_a_code_ends_after_a_day_and_with_its_conversation(nurse, website, code, clock: Clock) -> None:
    clock.pass_minutes(24 * 60)
    nurse.log_in()
    assert nurse.post("/lookup", code=code).status_code == 404
    again = website.references.give("visit")
    assert again not in (None, code)
    assert nurse.post("/lookup", code=str(again)).status_code == 200
    website.delete("visit")
    assert nurse.post("/lookup", code=str(again)).status_code == 404
    assert website.references.give("visit") is None
    assert not website.references.share("visit")


def test_a_conversation_has_one_code(website: WebsiteStore, code: str) -> None:
    assert website.references.give("visit") == code


def test_guessing_codes_is_stopped_and_every_try_is_audited(nurse: Browser, store: ConsoleStore, code: str) -> None:
    tries = [nurse.post("/lookup", code=references.make()).status_code for _ in range(LOOKUPS_PER_ACCOUNT)]
    assert tries == [404] * LOOKUPS_PER_ACCOUNT
    assert nurse.post("/lookup", code=code).status_code == 429  # the right one, too
    log = [entry for entry in store.audit_log() if entry.action == "lookup"]
    assert len(log) == LOOKUPS_PER_ACCOUNT + 1
    assert (log[0].account, log[0].subject, log[0].outcome) == ("nurse.one", code, "refused")


def test_what_is_no_code_is_not_written_down(nurse: Browser, store: ConsoleStore) -> None:
    assert nurse.post("/lookup", code="Margaret Doe").status_code == 404
    assert (store.audit_log()[0].subject, store.audit_log()[0].outcome) == (None, "not found")


def test_only_who_is_logged_in_looks_up(store: ConsoleStore, browser: Browser, code: str) -> None:
    store.add_account("nurse.one", "agent", PASSWORD)
    answer = browser.http.post("/console/lookup", data={"csrf": "0", "code": code})
    assert (answer.status_code, answer.headers["location"]) == (302, "/console/login")


@given(st.text(max_size=300))
def test_any_text_is_a_code_or_none(typed: str) -> None:
    found = references.read(typed)
    assert found is None or references.read(found) == found


def test_a_new_code_reads_as_itself_and_has_no_look_alikes() -> None:
    made = {references.make() for _ in range(200)}
    assert len(made) == 200
    assert all(references.read(code) == code for code in made)
    assert not set("0O1IL2Z5S8BUVAE") & set("".join(made)) - {"V"}
