"""The real server: a hand-off tells hours and a code; by the code staff see what was shared; it can be forgotten."""

from __future__ import annotations

import os
import re
import subprocess
import uuid
from collections.abc import Iterator

import httpx
import pytest
from openapi import HOOKS
from support import BIN, Chat, Server, running_server, server_environment, train, visiting
from unit.console.conftest import PASSWORD, Browser

from valve_clinic.channel import references
from valve_clinic.console.store import ConsoleStore
from valve_clinic.database import make_engine

pytestmark = pytest.mark.server
WORDS = "what is a marmalade valve"


@pytest.fixture(scope="module")
def staffed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose console has an account."""
    train()
    # Time enough for a busy machine: what a deadline does is tested elsewhere.
    times = {"WEBSITE_TURN_SECONDS": "8", "SANIC_RESPONSE_TIMEOUT": "11"}
    with running_server(tmp_path_factory.mktemp("handoff"), **times) as running:
        with visiting(running, event_hooks=HOOKS) as early:
            # The first turn of a server may be late on a busy machine; only the later ones have to be in time here.
            early.send("hello")
            assert all(reply["reference"] is None for reply in early.say("i want to talk to a person"))
        engine = make_engine(f"sqlite:///{running.folder}/website.db")
        ConsoleStore(engine).add_account("nurse.one", "agent", PASSWORD)
        engine.dispose()
        yield running


@pytest.fixture
def visitor(staffed: Server) -> Iterator[Chat]:
    with visiting(staffed, event_hooks=HOOKS) as chat:
        yield chat


@pytest.fixture
def nurse(staffed: Server) -> Iterator[Browser]:
    with httpx.Client(base_url=f"http://127.0.0.1:{staffed.port}", timeout=30) as http:
        browser = Browser(http)
        assert browser.log_in().status_code == 303
        yield browser


def handed_off(visitor: Chat) -> dict[str, object]:
    visitor.say(WORDS)
    *others, last = visitor.say("i want to talk to a person")
    assert [reply["reference"] for reply in others] == [None] * len(others)
    return last


def test_a_hand_off_says_hours_what_to_have_ready_and_the_code(visitor: Chat) -> None:
    last = handed_off(visitor)
    text, code = str(last["text"]), str(last["reference"])
    assert references.read(code) == code
    for said in ("Good to have ready", "I do not know the hours of the line", "call your care team", "call 911"):
        assert said in text
    assert f"{code}. Read it out when you call: {' '.join(code[:4])}, {' '.join(code[5:])}." in text
    again = visitor.say("how do I make an appointment?")[-1]
    assert again["reference"] == code
    told = [turn["reply"]["reference"] for turn in visitor.history() if "reply" in turn]
    assert told.count(code) == 2


def test_staff_see_the_words_only_after_the_patient_has_shared_them(visitor: Chat, nurse: Browser) -> None:
    last = handed_off(visitor)
    code = str(last["reference"])
    assert "marmalade" not in nurse.post("/lookup", code=code).text
    shared = visitor.client.post("share", json={"reply": last["id"]}, headers=visitor.headers)
    assert (shared.status_code, shared.content) == (204, b"")
    assert WORDS in nurse.post("/lookup", code=code.lower().replace("-", " ")).text


def test_nothing_is_shared_with_a_strangers_token_a_guessed_reply_or_another_shape(visitor: Chat, staffed) -> None:
    last = handed_off(visitor)
    with visiting(staffed, event_hooks=HOOKS) as stranger:
        for headers, body, status in (
            (stranger.headers, {"reply": last["id"]}, 404),
            (stranger.headers, {"reply": stranger.welcome[0]["id"]}, 404),
            (visitor.headers, {"reply": uuid.uuid4().hex}, 404),
            ({}, {"reply": last["id"]}, 401),
            ({"Authorization": f"Bearer {last['reference']}"}, {"reply": last["id"]}, 401),
            (visitor.headers, {"reply": last["id"], "code": last["reference"]}, 400),
            (visitor.headers, {"reply": None}, 400),
        ):
            refused = stranger.client.post("share", json=body, headers=headers)
            assert refused.status_code == status, body
            assert "501.552.3400" in refused.json()["replies"][0]["text"]
    engine = make_engine(f"sqlite:///{staffed.folder}/website.db")
    found = references.References(engine, ConsoleStore(engine).now).find(str(last["reference"]))
    engine.dispose()
    assert found is not None
    assert not found.shared


def test_a_code_is_forgotten_by_the_command_with_all_that_it_opens(visitor: Chat, staffed, nurse: Browser) -> None:
    code = str(handed_off(visitor)["reference"])
    done = subprocess.run(
        [str(BIN / "valve-clinic"), "privacy", "forget", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **server_environment(staffed.folder, staffed.port)},
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"website_reference: 1 rows deleted", done.stdout)
    assert nurse.post("/lookup", code=code).status_code == 404
    assert visitor.send("hello").status_code == 401
