"""What the server talks to: actions that are down or hang, and a broker that cannot be reached."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from sqlalchemy import text

from faults.checker import check, read
from faults.conftest import Factory
from faults.patients import Crowd, Patient
from faults.processes import PATIENCE, FaultServer, until
from faults.services import Proxy, Queue, rabbit_address
from valve_clinic.database import make_engine

NEVER = "thank you"  # answered by the rules, without an action


class Actions(BaseHTTPRequestHandler):
    """An action server that does what a test says."""

    def do_POST(self) -> None:  # noqa: N802
        self.rfile.read(int(self.headers["Content-Length"]))
        mode = self.server.mode  # type: ignore[attr-defined]
        if mode == "hangs":
            self.server.released.wait(60)  # type: ignore[attr-defined]
        if mode in ("closes", "hangs"):
            self.close_connection = True
            return
        body = b"{not json" if mode == "speaks no JSON" else json.dumps(_reply()).encode()
        self.send_response(500 if mode == "fails" else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


def _reply() -> dict[str, Any]:
    custom = {"kind": "answer", "topic": "ask_definition"}
    return {"events": [], "responses": [{"text": "An answer.", "custom": custom}]}


@pytest.fixture(scope="module")
def actions() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Actions)
    server.daemon_threads = True
    server.mode, server.released = "works", threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server
    server.released.set()  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def line(actions: ThreadingHTTPServer) -> Iterator[Proxy]:
    """The line to the actions."""
    line = Proxy("127.0.0.1", actions.server_address[1])
    yield line
    line.close()


@pytest.fixture(scope="module")
def server(start: Factory, line: Proxy) -> Iterator[FaultServer]:
    """A server whose actions are another program's."""
    server = start(ACTION_ENDPOINT_URL=f"http://127.0.0.1:{line.port}/webhook")
    yield server
    server.kill()


def test_b1_actions_down_then_up(server: FaultServer, line: Proxy) -> None:
    patient = Patient(server).begin()
    assert patient.ask().is_acknowledged
    line.cut()
    record = patient.ask(f"what are the risks of surgery {patient.marker}")
    assert (record.status, record.silences) == (503, 0)
    stored = next(found for found in read(server).values() if any(turn[0] == record.id for turn in found.turns))
    assert stored.turns[-1][:3] == (record.id, record.text, "received"), "the patient's words are stored"
    assert patient.ask(NEVER).is_acknowledged, "what needs no action is answered"
    line.mend()
    assert patient.settle() < 10 * PATIENCE
    check(server, [patient], "actions down")


def test_b2_actions_that_misbehave(server: FaultServer, actions: ThreadingHTTPServer) -> None:
    for mode in ("fails", "speaks no JSON", "closes", "hangs"):
        _misbehave(server, actions, mode)


def _misbehave(server: FaultServer, actions: ThreadingHTTPServer, mode: str) -> None:
    patient, other = Patient(server).begin(), Patient(server).begin()
    actions.mode = mode  # type: ignore[attr-defined]
    sending = threading.Thread(target=patient.ask, args=(f"what are the risks of surgery {patient.marker}",))
    sending.start()
    until(lambda: bool(patient.records), 5, "the message was sent")
    for _ in range(3):
        record = other.ask(NEVER)
        assert record.is_acknowledged
        assert record.slowest < 1 * PATIENCE
    sending.join()
    assert patient.records[0].status == 503
    assert patient.records[0].slowest < 4 * PATIENCE
    actions.mode = "works"  # type: ignore[attr-defined]
    actions.released.set()  # type: ignore[attr-defined]
    patient.settle()
    check(server, [patient, other], f"actions: {mode}")


def waiting(server: FaultServer) -> int:
    engine = make_engine(server.database_url)
    with engine.connect() as connection:
        found = int(connection.execute(text("SELECT count(*) FROM outbox")).scalar_one())
    engine.dispose()
    return found


@pytest.mark.parametrize(("how", "when"), [("cut", "at the start"), ("hang", "meanwhile")])
def test_b13_the_broker_cannot_be_reached(start: Factory, how: str, when: str) -> None:
    line, queue = Proxy(*rabbit_address()), Queue()
    break_line = line.cut if how == "cut" else line.hang
    if when == "at the start":
        break_line()
    server = start(EVENT_BROKER_URL=f"amqp://guest:guest@127.0.0.1:{line.port}/", EVENT_BROKER_QUEUE=queue.name)
    with Crowd(server, 3, 0.1) as crowd:
        time.sleep(1)
        break_line()
        time.sleep(4)
        line.mend()
        if how == "hang":
            line.cut()
            line.mend()
    assert not any(record.tries > 1 for patient in crowd.patients for record in patient.records), "a patient noticed"
    check(server, crowd.patients, f"broker: {how} {when}")
    until(lambda: waiting(server) == 0, 20, "the outbox is drained")
    published = queue.messages()
    ids = [message_id for message_id, _ in published]
    if how == "cut" and when == "at the start":
        assert len(ids) == len(set(ids)), "published twice"
    for patient in crowd.patients:
        asked = [record.text for record in patient.records]
        heard = list(dict.fromkeys((i, event["text"]) for i, event in published if event["event"] == "user"))
        assert [words for _, words in heard if patient.marker in words] == asked, "all, in order"
    assert server.stop() == 0
    line.close()


def test_b13_without_a_broker_nothing_waits_for_one(plain: FaultServer) -> None:
    patient = Patient(plain).begin()
    assert patient.ask().is_acknowledged
    assert waiting(plain) == 0
