"""The real server: what a patient types about themselves is in no file, log or answer, and can be forgotten."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator

import httpx
import pytest
from canaries import CANARIES, MESSAGES
from support import BIN, Chat, Server, running_server, server_environment, start_server, visiting

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def own(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose files are read after it has seen the canaries."""
    with running_server(tmp_path_factory.mktemp("privacy")) as running:
        yield running


@pytest.fixture
def visitor(own: Server) -> Iterator[Chat]:
    with visiting(own) as chat:
        yield chat


def privacy(own: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / "valve-clinic"), "privacy", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **server_environment(own.folder, own.port)},
    )


def found_in_files(own: Server, words: str) -> list[str]:
    return [path.name for path in own.folder.iterdir() if words.encode() in path.read_bytes()]


def test_no_canary_is_kept_logged_or_answered(own: Server, visitor: Chat) -> None:
    answered = [visitor.send(text).text for text in MESSAGES]
    reply = visitor.say("what is a leaky valve")[0]["id"]
    comment = {"reply": reply, "helpful": False, "comment": "I am Rosalind Quillfinch, 412-55-0198"}
    assert visitor.client.post("feedback", json=comment, headers=visitor.headers).status_code == 204
    event = {"event": "link_clicked", "reply": reply, "target": "https://example.org/?q=Rosalind-Quillfinch"}
    assert visitor.client.post("events", json=event, headers=visitor.headers).status_code == 204
    bad = b'{"id": "' + str(uuid.uuid4()).encode() + b'", "text": "I am Rosalind Quillfinch", "more": 1'
    for body in (bad, bad + b"}", b'{"text": ["Rosalind Quillfinch"]}'):
        headers = {**visitor.headers, "Content-Type": "application/json"}
        answered.append(visitor.client.post("messages", content=body, headers=headers).text)
    answered.append(visitor.client.get("history", headers=visitor.headers).text)
    for canary in CANARIES:
        assert found_in_files(own, canary) == []
        assert not any(canary in body for body in answered)
    assert "[name]" in answered[-1], "the test sees that something was masked"


def test_danger_is_seen_in_what_was_typed(visitor: Chat) -> None:
    assert visitor.say("Rosalind Quillfinch 412-55-0198 has crushing chest pain right now")[0]["kind"] == "emergency"


def test_a_failing_database_logs_no_text(own: Server, tmp_path_factory: pytest.TempPathFactory) -> None:
    running = start_server(tmp_path_factory.mktemp("broken"), LOG_LEVEL="DEBUG")
    try:
        with httpx.Client(base_url=running.api, timeout=30) as client:
            visitor = Chat(client).start()
            (running.folder / "website.db").write_bytes(b"garbage" * 2000)
            visitor.send("zanzibar marmalade, what is a leaky valve")
        assert "marmalade" not in running.log.read_text()
    finally:
        running.stop()


def test_one_conversation_is_forgotten_while_it_chats_and_the_others_stay(own: Server, visitor: Chat) -> None:
    visitor.say("what is a marmalade valve")
    with httpx.Client(base_url=own.api, timeout=30) as client:
        other = Chat(client).start()
        other.say("what is a tangerine valve")
        assert found_in_files(own, "marmalade"), "the test sees the bytes before"
        done = privacy(own, "forget", visitor.token)
        assert done.returncode == 0, done.stderr
        assert found_in_files(own, "marmalade") == []
        assert visitor.send("hello").status_code == 401, "the widget begins a new session on this"
        assert visitor.start().say("what is mitraclip")
        assert any(turn.get("text") == "what is a tangerine valve" for turn in other.history())


def test_the_command_switches_telemetry_off() -> None:
    code = (
        "import os; from valve_clinic.cli import main; main(['model'], standalone_mode=False); "
        "from rasa import telemetry; print(telemetry.is_telemetry_enabled())"
    )
    environment = {key: value for key, value in os.environ.items() if key != "RASA_TELEMETRY_ENABLED"}
    done = subprocess.run(
        [str(BIN / "python"), "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip().endswith("False")
