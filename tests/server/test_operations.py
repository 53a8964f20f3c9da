"""A real server as an operator meets it: metrics, log lines, stopping, stalled connections, backups."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from support import (
    BIN,
    Chat,
    Server,
    assert_error,
    free_port,
    running_server,
    server_environment,
    start_server,
    train,
    visiting,
)

from valve_clinic.operations.logs import conversation_hash

pytestmark = pytest.mark.server
#: Words that must be nowhere but in the conversation.
CANARY = "my zebrafish asks what is a leaky mitral valve"
SLOW_SECONDS = 2.0


class SlowActions(BaseHTTPRequestHandler):
    """An action server that takes its time."""

    def do_POST(self) -> None:  # noqa: N802 - the name that http.server calls
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(SLOW_SECONDS)
        body = json.dumps({"events": [], "responses": [{"text": "Here I am at last."}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def slow_actions() -> Iterator[str]:
    actions = ThreadingHTTPServer(("127.0.0.1", 0), SlowActions)
    threading.Thread(target=actions.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{actions.server_port}/webhook"
    actions.shutdown()
    actions.server_close()


@pytest.fixture(scope="module")
def metrics_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def watched(server: Server, tmp_path_factory: pytest.TempPathFactory, metrics_port: int) -> Iterator[Server]:
    """A server with metrics and JSON lines."""
    folder = tmp_path_factory.mktemp("watched")
    with running_server(folder, LOG_FORMAT="json", METRICS_PORT=str(metrics_port)) as running:
        yield running


@pytest.fixture
def visitor(watched: Server) -> Iterator[Chat]:
    with visiting(watched) as chat:
        yield chat


def scrape(port: int) -> dict[str, float]:
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=5).text
    assert "zebrafish" not in text
    samples = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in samples}


def test_metrics_count_turns_errors_and_time(watched: Server, visitor: Chat, metrics_port: int) -> None:
    before = scrape(metrics_port)
    visitor.say(CANARY)
    visitor.say("mail me at zq.canary@example.org, thanks")
    # The last: after it the chat says the 911 line again, which counts as an emergency too.
    assert visitor.send("I have crushing chest pain right now").json()["safety"] == "act"
    assert_error(visitor.send(""), 422)
    assert_error(httpx.get(f"{watched.url}/zebrafish"), 404)
    after = scrape(metrics_port)

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    assert grown('valve_clinic_turns_total{kind="emergency",safety="act"}') == 1
    assert sum(grown(name) for name in after if name.startswith("valve_clinic_turns_total")) == 3
    assert grown("valve_clinic_turn_seconds_count") == 3
    assert grown('valve_clinic_masked_total{what="email"}') == 1
    assert grown('valve_clinic_errors_total{code="empty"}') == 1
    assert grown('valve_clinic_errors_total{code="not_found"}') == 1
    assert after["valve_clinic_turns_in_flight"] == 0


def test_the_canary_shows_in_the_metrics(watched: Server, metrics_port: int) -> None:
    assert httpx.get(watched.api + "ready", timeout=10).status_code == 200
    assert scrape(metrics_port)["valve_clinic_ready"] == 1


def test_metrics_and_admin_addresses_are_not_on_the_public_port(watched: Server, metrics_port: int) -> None:
    for path in (
        *("metrics", "conversations/x/tracker", "model", "domain", "version", "status", "model/parse"),
        *("webhooks/website/metrics", "webhooks/rest/webhook"),
    ):
        assert httpx.get(f"{watched.url}/{path}").status_code == 404, path
    with socket.socket() as probe:
        probe.settimeout(2)
        with pytest.raises(OSError, match="refused"):
            # Another of this machine's addresses: the metrics are bound to 127.0.0.1 alone.
            probe.connect(("127.0.0.2", metrics_port))


def test_each_line_of_the_log_is_an_object_and_none_has_words(watched: Server, visitor: Chat) -> None:
    sent = str(uuid.uuid4())
    assert visitor.post({"id": sent, "text": CANARY}).status_code == 200
    assert_error(visitor.post({"id": "zebrafish", "text": CANARY}), 400)
    assert_error(visitor.post({"id": str(uuid.uuid4()), "button": "zebrafish"}), 400)
    text = watched.log.read_text()
    assert "zebrafish" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    assert all({"time", "level", "event"} <= set(line) for line in lines)
    line = next(line for line in lines if line.get("turn") == sent)
    with closing(sqlite3.connect(watched.folder / "website.db")) as database:
        rows = database.execute("SELECT session_id FROM website_turn WHERE client_id = ?", (sent,)).fetchall()
    assert line["conversation"] == conversation_hash(rows[0][0])
    assert rows[0][0] not in text
    assert line["event"] == "turn"
    assert line["status"] == 200
    assert 0 < line["duration"] < 5
    refused = [line for line in lines if line.get("status") == 400]
    assert [line["code"] for line in refused[-2:]] == ["bad_request", "unknown_button"]


def test_stalled_connections_are_cut_and_hold_up_nobody(watched: Server, visitor: Chat) -> None:
    head = b"POST /webhooks/website/messages HTTP/1.1\r\nHost: x\r\n"
    body = head + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    stalled = []
    for number in range(400):
        connection = socket.create_connection(("127.0.0.1", watched.port), timeout=20)
        connection.sendall(head if number < 300 else body)
        stalled.append(connection)
    # Each has its own time, from when it came: the last one's begins here.
    opened = time.monotonic()
    assert visitor.say("what is MitraClip?")
    assert time.monotonic() - opened < 3
    for connection in stalled:
        while connection.recv(4096):
            pass
        connection.close()
    assert time.monotonic() - opened < 12, "a stalled head is cut after 4 s, a stalled body after 8 s"


def test_a_backup_of_a_server_that_writes_is_whole(watched: Server, visitor: Chat, tmp_path: Path) -> None:
    """Each conversation that was answered before the backup began is in it."""
    stop = threading.Event()
    before: list[str] = []

    def talk() -> None:
        with httpx.Client(base_url=watched.api, timeout=30) as client:
            chat = Chat(client).start()
            while not stop.is_set():
                sent = str(uuid.uuid4())
                if chat.post({"id": sent, "text": "thanks"}).status_code == 200 and not stop.is_set():
                    before.append(sent)

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(talk) for _ in range(2)]
        until = time.monotonic() + 30
        while len(before) < 5 and time.monotonic() < until:
            time.sleep(0.05)
        answered = list(before)
        file = tmp_path / "copy.tar.gz"
        environment = server_environment(watched.folder, watched.port)
        saved = subprocess.run(
            [BIN / "valve-clinic", "backup", file], env=environment, capture_output=True, text=True, check=False
        )
        stop.set()
        for future in futures:
            future.result()
    assert saved.returncode == 0, saved.stderr
    assert len(answered) >= 5
    again = tmp_path / "again"
    again.mkdir()
    restored = subprocess.run(
        [BIN / "valve-clinic", "restore", file],
        env=server_environment(again, watched.port),
        capture_output=True,
        text=True,
        check=False,
    )
    assert restored.returncode == 0, restored.stderr
    with closing(sqlite3.connect(again / "website.db")) as database:
        kept = [row[0] for row in database.execute("SELECT client_id FROM website_turn WHERE client_id IS NOT NULL")]
    assert set(answered) <= set(kept)
    assert len(kept) == len(set(kept))
    assert not (again / "secret").exists()


def test_restore_refuses_while_the_server_runs(watched: Server, visitor: Chat, tmp_path: Path) -> None:
    environment = server_environment(watched.folder, watched.port)
    visitor.say("thanks")
    file = tmp_path / "copy.tar.gz"
    subprocess.run([BIN / "valve-clinic", "backup", file], env=environment, capture_output=True, check=True)
    refused = subprocess.run(
        [BIN / "valve-clinic", "restore", file, "--force"], env=environment, capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "stop the server first" in refused.stderr
    assert visitor.say("thanks")


def test_sigterm_under_load_answers_what_is_under_way(tmp_path: Path, slow_actions: str) -> None:
    train()
    running = start_server(tmp_path, ACTION_ENDPOINT_URL=slow_actions)
    statuses: list[int] = []

    def one(chat: Chat) -> list[dict[str, object]]:
        response = chat.send("what is MitraClip?")
        statuses.append(response.status_code)
        replies: list[dict[str, object]] = response.json()["replies"]
        return replies

    with ExitStack() as clients, ThreadPoolExecutor(4) as pool:
        chats = [clients.enter_context(visiting(running)) for _ in range(5)]
        late = chats.pop()
        under_way = [pool.submit(one, chat) for chat in chats]
        time.sleep(SLOW_SECONDS / 2)
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        ready = httpx.get(running.api + "ready")
        assert (ready.status_code, ready.json()["checks"]) == (503, {"server": "stopping"})
        assert_error(late.send("what is MitraClip?"), 503)
        other_line = clients.enter_context(httpx.Client(base_url=running.api, timeout=30))
        emergency = Chat(other_line, late.token).send("I cannot breathe at all")
        assert (emergency.status_code, emergency.json()["safety"]) == (200, "act")
        replies = [future.result() for future in under_way]
    assert statuses == [200] * 4
    assert all(reply[-1]["text"] == "Here I am at last." for reply in replies)
    assert running.process.wait(timeout=15) == 0
    assert time.monotonic() - began < 15
    with closing(sqlite3.connect(tmp_path / "website.db")) as database:
        stored = database.execute("SELECT count(*) FROM website_turn WHERE client_id IS NOT NULL").fetchone()[0]
    assert stored == 4
    with pytest.raises(httpx.TransportError):
        httpx.get(running.api + "health")
    assert not re.search("Traceback|Error", running.log.read_text())
