"""Actions that fail, say nothing or never end, a flood, a stalled line, a restart: nobody is left with silence."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import httpx
import pytest
from openapi import HOOKS
from support import Chat, Server, assert_error, running_server, start_server

pytestmark = pytest.mark.server
TURN_SECONDS, PER_ADDRESS = 2, 40
QUESTION = "what is MitraClip?"
EMERGENCY = "crushing chest pain right now and i cant breathe"
_ADDRESSES = count(1)


class Actions(ThreadingHTTPServer):
    """An action server that does what a test says."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.mode = "answer"
        self.asked: list[str] = []
        self.go_on = threading.Event()


class _Answer(BaseHTTPRequestHandler):
    server: Actions

    def do_POST(self) -> None:  # noqa: N802
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body["tracker"]["latest_message"]["text"])
        mode = self.server.mode
        if mode == "close":
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if mode == "hang":
            self.server.go_on.wait(30)
        responses = [] if mode == "nothing" else [{"text": f"Answer {len(self.server.asked)}."}]
        reply = b"{" if mode == "garbage" else json.dumps({"events": [], "responses": responses}).encode()
        self.send_response(500 if mode == "fail" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def actions() -> Iterator[Actions]:
    server = Actions()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def environment(actions: Actions) -> dict[str, str]:
    return {
        "ACTION_ENDPOINT_URL": f"http://127.0.0.1:{actions.server_port}/webhook",
        "WEBSITE_TURN_SECONDS": str(TURN_SECONDS),
        "WEBSITE_TRUSTED_PROXIES": "1",
        "WEBSITE_REQUESTS_PER_MINUTE": str(PER_ADDRESS),
    }


@pytest.fixture(scope="module")
def proxied(server: Server, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server behind one proxy; the common one has made sure that there is a model."""
    with running_server(tmp_path_factory.mktemp("proxied"), **environment) as running:
        yield running


def behind_proxy(server: Server, forwarded: str | None = None) -> httpx.Client:
    number = next(_ADDRESSES)
    headers = {"X-Forwarded-For": forwarded or f"203.0.113.{number}"}
    return httpx.Client(base_url=server.api, timeout=30, headers=headers, event_hooks=HOOKS)


@pytest.fixture
def visitor(proxied: Server, actions: Actions) -> Iterator[Chat]:
    actions.mode = "answer"
    actions.go_on.clear()
    with behind_proxy(proxied) as client:
        yield Chat(client).start()


def message(text: str = QUESTION) -> dict[str, str]:
    return {"id": str(uuid.uuid4()), "text": text}


def test_a_question_is_answered_by_the_actions(visitor: Chat) -> None:
    assert visitor.say(QUESTION)[0]["text"].startswith("Answer")


@pytest.mark.parametrize("mode", ["fail", "nothing", "garbage", "close"])
def test_an_action_without_an_answer_is_a_notice_and_the_same_id_is_answered_later(
    visitor: Chat, proxied: Server, actions: Actions, mode: str
) -> None:
    actions.mode = mode
    asked = message("what is MitraClip, asks Jane Zanzibar?")
    error = assert_error(visitor.post(asked), 503)
    assert error["code"] == "unavailable"
    # The words are kept, though they are not answered yet.
    assert [turn["from"] for turn in visitor.history()] == ["bot", "bot", "patient"]
    actions.mode = "answer"
    assert visitor.post(asked).status_code == 200
    assert "Zanzibar" not in proxied.log.read_text(), "what a patient typed is not logged"


def test_a_late_turn_is_a_notice_in_time_and_is_stored_once(visitor: Chat, proxied: Server, actions: Actions) -> None:
    actions.mode, before = "hang", len(actions.asked)
    asked = message()
    begun = time.monotonic()
    assert_error(visitor.post(asked), 503)
    assert TURN_SECONDS - 0.1 < time.monotonic() - begun < TURN_SECONDS + 1
    with behind_proxy(proxied) as other:
        begun = time.monotonic()
        assert other.get("health").status_code == 200
        assert Chat(other).start().say(EMERGENCY)[0]["kind"] == "emergency"
        assert time.monotonic() - begun < TURN_SECONDS, "nobody else waits"
    assert visitor.say(EMERGENCY)[0]["kind"] == "emergency", "nor does an emergency behind it"
    actions.go_on.set()
    replies = visitor.post(asked).json()["replies"]
    assert visitor.post(asked).json()["replies"] == replies
    assert [turn["id"] for turn in visitor.history()].count(asked["id"]) == 1
    assert len(actions.asked) == before + 1


def test_a_turn_whose_connection_ended_is_stored_once(visitor: Chat, actions: Actions) -> None:
    actions.mode, before = "hang", len(actions.asked)
    asked = message()
    with pytest.raises(httpx.ReadTimeout):
        visitor.client.post("messages", json=asked, headers=visitor.headers, timeout=0.7)
    actions.go_on.set()
    assert visitor.post(asked).status_code == 200
    assert [turn["id"] for turn in visitor.history()].count(asked["id"]) == 1
    assert len(actions.asked) == before + 1


def test_the_same_id_five_times_at_once_is_asked_once_and_answered_alike(visitor: Chat, actions: Actions) -> None:
    before, asked = len(actions.asked), message()
    with ThreadPoolExecutor(5) as pool:
        answers = [response.json() for response in pool.map(lambda _: visitor.post(asked), range(5))]
    assert answers[0]["replies"]
    assert all(answer == answers[0] for answer in answers)
    assert len(actions.asked) == before + 1
    assert [turn["id"] for turn in visitor.history()].count(asked["id"]) == 1


def test_visitors_behind_a_proxy_have_limits_of_their_own_and_cannot_choose_their_address(proxied: Server) -> None:
    def status(forwarded: str) -> int:
        with behind_proxy(proxied, forwarded) as client:
            return client.get("history").status_code

    spoofed = [status(f"198.51.100.{number}, 192.0.2.1") for number in range(PER_ADDRESS + 1)]
    assert spoofed == [401] * PER_ADDRESS + [429], "what stands before the proxy's word is the visitor's own"
    assert status("192.0.2.1") == 429
    assert status("192.0.2.2") == 401
    network = [status(f"2001:db8:1:2::{number:x}") for number in range(PER_ADDRESS + 1)]
    assert network[-1] == 429, "an IPv6 visitor has a whole network"


def test_a_flood_is_refused_and_another_visitor_is_answered(visitor: Chat, proxied: Server) -> None:
    with behind_proxy(proxied) as flooder, ThreadPoolExecutor(8) as pool:
        flood = [pool.submit(flooder.post, "session") for _ in range(200)]
        waits = []
        for _ in range(10):
            begun = time.monotonic()
            assert visitor.say("hello")
            waits.append(time.monotonic() - begun)
        statuses = [request.result().status_code for request in flood]
    assert statuses.count(201) == PER_ADDRESS
    assert statuses.count(429) == 200 - PER_ADDRESS
    assert sorted(waits)[8] < 1


def test_refused_messages_count_against_the_address(proxied: Server) -> None:
    with behind_proxy(proxied) as client:
        chat = Chat(client).start()
        statuses = [chat.post(message("x" * 501)).status_code for _ in range(PER_ADDRESS)]
    assert statuses == [422] * (PER_ADDRESS - 1) + [429]


def test_an_address_that_only_sends_emergencies_still_gets_the_fixed_text(proxied: Server) -> None:
    with behind_proxy(proxied) as client:
        chat = Chat(client).start()
        for _ in range(PER_ADDRESS + 25):
            assert chat.send(EMERGENCY).json()["safety"] == "act"
        assert_error(chat.send("hello"), 429)


def test_stalled_connections_are_cut_and_hold_up_nobody(visitor: Chat, proxied: Server) -> None:
    head = b"POST /webhooks/website/messages HTTP/1.1\r\nHost: x\r\n"
    body = head + b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    begun = time.monotonic()
    stalled = [socket.create_connection(("127.0.0.1", proxied.port), timeout=20) for _ in range(120)]
    try:
        for number, connection in enumerate(stalled):
            connection.sendall(head if number % 3 else body)
        assert visitor.say("hello")
        assert time.monotonic() - begun < 3
        for connection in stalled:
            while connection.recv(4_000):
                pass
    finally:
        for connection in stalled:
            connection.close()
    # Sanic looks for stalled connections every 2.5 seconds: half of the time it keeps an idle one.
    assert time.monotonic() - begun < TURN_SECONDS + 3 + 2.5 + 8
    assert "Traceback" not in proxied.log.read_text()


def test_nobody_reads_the_words_of_another(proxied: Server) -> None:
    def visit(number: int) -> str:
        with behind_proxy(proxied) as client:
            chat = Chat(client).start()
            for _ in range(3):
                chat.send(f"what is MitraClip, asks marker{number:03}x?")
            return json.dumps(chat.history())

    with ThreadPoolExecutor(8) as pool:
        histories = list(pool.map(visit, range(20)))
    for number, history in enumerate(histories):
        assert history.count("marker") == history.count(f"marker{number:03}x") > 0


def test_after_a_restart_the_visit_goes_on_and_the_same_id_gives_the_same_replies(
    visitor: Chat, proxied: Server, actions: Actions, environment: dict[str, str]
) -> None:
    asked = message()
    first = visitor.post(asked).json()
    welcome = visitor.history()[0]["reply"]
    before = len(actions.asked)
    assert proxied.stop(signal.SIGTERM) == 0
    assert proxied.log.read_text().count("open http://") == 1
    again = start_server(proxied.folder, **environment)
    try:
        with behind_proxy(again) as client:
            chat = Chat(client, visitor.token)
            assert chat.post(asked).json() == first
            assert len(actions.asked) == before
            assert chat.press(welcome["buttons"][0]["id"])
            assert [turn["id"] for turn in chat.history()].count(asked["id"]) == 1
    finally:
        again.stop()
