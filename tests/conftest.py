"""Fixtures that several folders of tests share."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from valve_clinic import paths

START_SECONDS = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A real server process with databases of its own."""

    port: int
    process: subprocess.Popen[str]
    log: Path
    folder: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        return f"{self.url}/webhooks/website/"

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

    def say(self, text: str) -> list[dict[str, Any]]:
        response = self.post({"id": str(uuid.uuid4()), "text": text})
        assert response.status_code == 200, response.text
        replies: list[dict[str, Any]] = response.json()["replies"]
        return replies

    def press(self, button: str) -> list[dict[str, Any]]:
        response = self.post({"id": str(uuid.uuid4()), "button": button})
        assert response.status_code == 200, response.text
        replies: list[dict[str, Any]] = response.json()["replies"]
        return replies


def start_server(folder: Path, **environment: str) -> Server:
    """Start the real server with databases in `folder`; fails with its output when it does not get ready."""
    port = free_port()
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(paths.ROOT / ".venv" / "bin" / "valve-clinic"), "serve"],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={
                **os.environ,
                "PORT": str(port),
                "CONTENT_DATABASE_URL": f"sqlite:///{folder}/content.db",
                "WEBSITE_DATABASE_URL": f"sqlite:///{folder}/website.db",
                "CONVERSATIONS_DATABASE": f"{folder}/conversations.db",
                "WEBSITE_SECRET_FILE": f"{folder}/secret",
                "WEBSITE_MESSAGES_PER_MINUTE": "0",
                "WEBSITE_REQUESTS_PER_MINUTE": "0",
                **environment,
            },
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the server ended with {process.returncode}:\n{log.read_text()[-3000:]}")
        if "open http://" in log.read_text():
            return Server(port, process, log, folder)
        time.sleep(0.2)
    process.kill()
    pytest.fail(f"the server was not ready in {START_SECONDS} s:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real server for all tests that only talk to it."""
    running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


@pytest.fixture
def chat(server: Server) -> Iterator[Chat]:
    """A new visitor."""
    with httpx.Client(base_url=server.api, timeout=30) as client:
        yield Chat(client).start()
