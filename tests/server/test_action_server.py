"""With actions in a server of their own the answers are the same; when it is gone nobody is left with silence."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from support import BIN, Chat, Server, assert_error, free_port, start_server, visiting

from valve_clinic import paths

pytestmark = pytest.mark.server
QUESTIONS = (
    "how long will i be in the hospital after the clip?",
    "how do I make an appointment?",
    "should I stop taking my warfarin before the procedure?",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("apart")


@pytest.fixture(scope="module")
def actions(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Rasa's own action server; it reads the answers from the same database as the chat's server."""
    port = free_port()
    with (folder / "actions.log").open("w") as log:
        process = subprocess.Popen(
            [str(BIN / "rasa"), "run", "actions", "--port", str(port)],
            cwd=paths.ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "CONTENT_DATABASE_URL": f"sqlite:///{folder}/content.db", "SANIC_HOST": "127.0.0.1"},
        )
    yield process, port
    if process.poll() is None:
        process.kill()
    process.wait(timeout=20)


@pytest.fixture(scope="module")
def apart(server: Server, folder: Path, actions: tuple[subprocess.Popen[bytes], int]) -> Iterator[Server]:
    process, port = actions
    running = start_server(folder, ACTION_ENDPOINT_URL=f"http://localhost:{port}/webhook")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"http://localhost:{port}/health").status_code == 200:
                break
        except httpx.TransportError:
            time.sleep(0.2)
    yield running
    assert running.stop(signal.SIGTERM) == 0


@pytest.fixture
def distant(apart: Server) -> Iterator[Chat]:
    """A visitor of the server whose actions are elsewhere."""
    with visiting(apart) as chat:
        yield chat


def outline(replies: list[dict[str, Any]]) -> list[tuple[str, str | None, dict[str, str] | None]]:
    return [(reply["kind"], reply["topic"], reply["variant"]) for reply in replies]


def test_the_answers_are_those_of_the_actions_in_process(chat: Chat, distant: Chat) -> None:
    for question in QUESTIONS:
        here, there = chat.say(question), distant.say(question)
        assert outline(there) == outline(here)
        assert [reply["text"] for reply in there] == [reply["text"] for reply in here]


def test_without_the_action_server_danger_is_answered_and_a_question_gets_a_notice(
    distant: Chat, actions: tuple[subprocess.Popen[bytes], int], apart: Server
) -> None:
    actions[0].terminate()
    actions[0].wait(timeout=20)
    assert_error(distant.send("what is MitraClip?"), 503)
    assert distant.say("i want to talk to a person")[0]["kind"] == "handoff"
    assert outline(distant.say("i cant breathe and my lips are blue")) == [("emergency", None, None)]
    assert outline(distant.say("i want to kill myself")) == [("crisis", None, None)]
    assert_error(distant.send("how long is the recovery?"), 503)
    assert "mitraclip" not in apart.log.read_text().lower(), "what a patient typed is not logged"
