"""What several folders of tests share: a real server process, a visitor, and what a reply must look like."""

from __future__ import annotations

import re
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from benchmarks.isolated import free_port, make_secret, server_environment
from valve_clinic import paths, settings
from valve_clinic.content.loader import load_clinic

START_SECONDS = 120
BIN = Path(__file__).resolve().parent.parent / ".venv" / "bin"
KINDS = {
    *("answer", "clarify", "handoff", "emergency", "crisis", "check", "same_day", "advice_declined", "chitchat"),
    "notice",
}
REPLY_KEYS = {"id", "kind", "topic", "variant", "text", "buttons", "links", "source", "reference", "table"}
_SHOWN_URL = re.compile(r"(https:|tel:|sms:|/)\S*")


def missing_service(reason: str) -> NoReturn:
    """Skip the test, or fail it where nothing may be skipped."""
    if settings.get("REQUIRE_SERVICES"):
        pytest.fail(f"REQUIRE_SERVICES is set, but {reason}")
    pytest.skip(reason)


@contextmanager
def postgres_database(name: str) -> Iterator[str]:
    """Make a database in this machine's PostgreSQL, give its URL, and drop it; skips where no server answers."""
    server, database = "postgresql://postgres@127.0.0.1:5432", f"{name}_{uuid.uuid4().hex[:12]}"
    options = {"future": True, "poolclass": NullPool, "isolation_level": "AUTOCOMMIT"}
    engine = create_engine(f"{server}/postgres", **options)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {database}")
    except OperationalError:
        missing_service("PostgreSQL does not answer at 127.0.0.1:5432")
    try:
        yield f"{server}/{database}"
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {database} WITH (FORCE)")


class Address:
    """Where a server on this machine is found."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.url}/webhooks/website/"


@dataclass
class Server(Address):
    """A real server process with databases of its own."""

    port: int
    process: subprocess.Popen[str]
    log: Path
    folder: Path

    def stop(self, how: int = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=30)


@dataclass
class Chat:
    """A visitor that talks to the website's channel over HTTP."""

    client: httpx.Client
    token: str = ""
    welcome: list[dict[str, Any]] = field(default_factory=list)

    def start(self) -> Chat:
        response = self.client.post("session", json={})
        assert response.status_code == 201, response.text
        self.token, self.welcome = response.json()["session"], response.json()["replies"]
        return self

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def post(self, body: dict[str, Any]) -> httpx.Response:
        return self.client.post("messages", json=body, headers=self.headers)

    def send(self, text: str) -> httpx.Response:
        return self.post({"id": str(uuid.uuid4()), "text": text})

    def say(self, text: str) -> list[dict[str, Any]]:
        return self._replies(self.send(text))

    def press(self, button: str) -> list[dict[str, Any]]:
        return self._replies(self.post({"id": str(uuid.uuid4()), "button": button}))

    def history(self) -> list[dict[str, Any]]:
        response = self.client.get("history", headers=self.headers)
        assert response.status_code == 200, response.text
        turns: list[dict[str, Any]] = response.json()["turns"]
        return turns

    def _replies(self, response: httpx.Response) -> list[dict[str, Any]]:
        assert response.status_code == 200, response.text
        replies: list[dict[str, Any]] = response.json()["replies"]
        return replies


def train() -> None:
    """Make the model of the present data when it is missing: that takes longer than a server may take to start."""
    done = subprocess.run([str(BIN / "valve-clinic"), "train"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def start_server(folder: Path, **environment: str) -> Server:
    """Start the real server with databases in `folder`, on a free port; fails with its output when it is not ready."""
    make_secret(folder / "secret")
    port = int(environment.pop("PORT", 0)) or free_port()
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(BIN / "valve-clinic"), "serve"],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env=server_environment(folder, port, **environment),
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server ended with {process.returncode}:\n{log.read_text()[-3000:]}")
        if "open http://" in log.read_text():
            return Server(port, process, log, folder)
        time.sleep(0.2)
    process.kill()
    process.wait()
    pytest.fail(f"the server was not ready in {START_SECONDS} s:\n{log.read_text()[-3000:]}")


@contextmanager
def running_server(folder: Path, **environment: str) -> Iterator[Server]:
    """Start the real server as `start_server` does, and stop it at the end unless a test has."""
    running = start_server(folder, **environment)
    yield running
    if running.process.poll() is None:
        running.stop()


@contextmanager
def visiting(server: Server, **options: Any) -> Iterator[Chat]:
    """Give a new visitor of the server; `options` are the HTTP client's."""
    with httpx.Client(base_url=server.api, timeout=30, **options) as client:
        yield Chat(client).start()


def assert_reply(reply: dict[str, Any]) -> None:
    """Check a reply against REPLY of the contract."""
    assert set(reply) == REPLY_KEYS
    assert isinstance(reply["id"], str)
    assert reply["id"]
    assert reply["kind"] in KINDS
    assert reply["topic"] is None or isinstance(reply["topic"], str)
    assert reply["variant"] is None or (isinstance(reply["variant"], dict) and reply["variant"])
    assert reply["text"].strip()
    assert "<" not in reply["text"]
    for button in reply["buttons"]:
        assert set(button) == {"id", "title", "topic"}
        assert button["title"].strip()
        assert "/" not in button["id"], "an opaque id, not a payload"
        assert reply["kind"] == "clarify" or button["topic"] is None
    for link in reply["links"]:
        assert set(link) == {"title", "url"}
        assert _SHOWN_URL.fullmatch(link["url"])
    if reply["source"] is not None:
        assert set(reply["source"]) == {"name", "url", "date", "reviewed"}
        assert reply["source"]["url"] is None or _SHOWN_URL.fullmatch(reply["source"]["url"])
    assert reply["reference"] is None or reply["kind"] == "handoff"
    assert reply["table"] is None or set(reply["table"]) == {"caption", "head", "rows"}


def assert_error(response: httpx.Response, status: int) -> dict[str, Any]:
    """Check an error against the contract, and return its `error` part."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/json")
    body = response.json()
    assert set(body) == {"error", "replies"}
    assert set(body["error"]) == {"code", "message"}
    assert len(body["replies"]) == 1
    assert_notice(body["replies"][0])
    error: dict[str, Any] = body["error"]
    return error


def assert_notice(reply: dict[str, Any]) -> None:
    """Check that a reply is plain words with the clinic's number and 911."""
    clinic = load_clinic(paths.CLINIC_FILE)
    assert_reply(reply)
    assert reply["kind"] == "notice"
    assert clinic.phone in reply["text"]
    assert "in an emergency, call 911" in reply["text"].lower()
    assert clinic.tel in [link["url"] for link in reply["links"]]
    assert "Traceback" not in reply["text"]
