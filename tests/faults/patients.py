"""Patients that talk to a server while it is hurt, and remember what they were told."""

from __future__ import annotations

import itertools
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx

from faults.processes import PATIENCE, FaultServer, request

#: Seconds within which everybody gets an answer or a plain sentence: a turn's deadline and a database's, together.
ANSWER_SECONDS = 8.0
_LETTERS = str.maketrans("0123456789", "ghijkmnrst")
QUESTIONS = (
    "what is a leaky mitral valve",
    "what are the risks of surgery",
    "how long is the recovery after mitraclip",
    "how much does it cost",
    "where is the clinic",
    "how do I prepare for the procedure",
    "what are the symptoms",
    "when does a leaky valve need an operation",
    "thank you",
    "can I talk to a person",
    "what does the echo show",
    "purple monkeys and dishwashers",
)


@dataclass
class Record:
    """One message as its patient sees it; the last try counts."""

    id: str
    text: str
    number: int
    tries: int = 0
    status: int = 0
    replies: list[dict[str, Any]] = field(default_factory=list)
    slowest: float = 0.0
    silences: int = 0

    @property
    def is_acknowledged(self) -> bool:
        return self.status == 200


class Patient:
    """Sends one message after the other; `settle` sends what was not answered again, under the same id."""

    _numbers = itertools.count(1)

    def __init__(self, server: FaultServer, marker: str | None = None) -> None:
        self.server = server
        # Letters only: a run of digits would be masked as a number before it is stored.
        self.marker = marker or "zq" + uuid.uuid4().hex[:10].translate(_LETTERS)
        self.token = ""
        self.records: list[Record] = []
        self._random = random.Random(self.marker)

    def begin(self) -> Patient:
        response = self._request("POST", "session", json={})
        assert response is not None, "the session could not be started"
        assert response.status_code == 201, response.text
        self.token = response.json()["session"]
        return self

    def ask(self, text: str | None = None) -> Record:
        """Send a message once."""
        words = text or f"{self._random.choice(QUESTIONS)} {self.marker}"
        record = Record(str(uuid.uuid4()), words, next(self._numbers))
        self.records.append(record)
        self.send(record)
        return record

    def send(self, record: Record, server: FaultServer | None = None, timeout: float = 30.0) -> None:
        begun = time.monotonic()
        record.tries += 1
        body = {"id": record.id, "text": record.text}
        response = self._request("POST", "messages", server, timeout, json=body)
        took = time.monotonic() - begun
        if response is None:  # the line broke: the browser says so by itself and sends again
            record.status = 0
            return
        record.slowest = max(record.slowest, took)
        if record.status != 200:
            record.status = response.status_code
        replies = _replies(response)
        if not replies or not all(reply.get("text", "").strip() for reply in replies):
            record.silences += 1
        if response.status_code == 200:
            if record.replies:
                assert replies == record.replies, "the same message got another answer"
            record.replies = replies

    def settle(self, seconds: float = 20.0) -> float:
        """Send again until everything is answered; returns the seconds it took."""
        begun = time.monotonic()
        while open_ones := [record for record in self.records if not record.is_acknowledged]:
            assert time.monotonic() - begun < seconds * PATIENCE, f"not answered: {open_ones[0]}"
            self.send(open_ones[0])
            if not open_ones[0].is_acknowledged:
                time.sleep(0.2)
        return time.monotonic() - begun

    def history(self) -> list[dict[str, Any]]:
        response = self._request("GET", "history")
        assert response is not None
        assert response.status_code == 200, response.text
        return list(response.json()["turns"])

    def _request(
        self, method: str, path: str, server: FaultServer | None = None, timeout: float = 30.0, **arguments: Any
    ) -> httpx.Response | None:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        address = (server or self.server).api + path
        try:
            return request(method, address, headers=headers, timeout=timeout, **arguments)
        except httpx.HTTPError:
            return None


def _replies(response: httpx.Response) -> list[dict[str, Any]]:
    try:
        found = response.json()
        return list(found["replies"]) if isinstance(found, dict) else []
    except (ValueError, KeyError, TypeError):
        return []


class Crowd:
    """Patients that talk all the time, each in a thread, until they are told to stop."""

    def __init__(self, server: FaultServer, size: int = 4, pause: float = 0.1) -> None:
        self.patients = [Patient(server).begin() for _ in range(size)]
        self._pause = pause
        self._stop = threading.Event()
        self._failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._talk, args=(patient,)) for patient in self.patients]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60 * PATIENCE)
        assert not self._failures, self._failures

    def settle(self) -> float:
        """Let everybody send again what was not answered; returns the seconds of the slowest."""
        return max(patient.settle() for patient in self.patients)

    def _talk(self, patient: Patient) -> None:
        try:
            while not self._stop.is_set():
                record = patient.ask()
                while not record.is_acknowledged and not self._stop.is_set():
                    time.sleep(0.3)
                    patient.send(record)
                self._stop.wait(self._pause)
        except BaseException as error:
            self._failures.append(error)
