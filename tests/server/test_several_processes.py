"""Two processes behind nginx, as deploy/ has them: one may be killed or started again, and no patient loses a turn."""

from __future__ import annotations

import itertools
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from faults.services import Queue
from sqlalchemy import text
from support import (
    Address,
    Chat,
    Server,
    free_port,
    make_secret,
    missing_service,
    postgres_database,
    start_server,
    train,
    visiting,
)

from benchmarks import servers
from valve_clinic.database import make_engine

pytestmark = [pytest.mark.server, pytest.mark.timeout(600)]
REDIS, RABBIT = ("127.0.0.1", 6379), ("127.0.0.1", 5672)
QUESTIONS = ("what is a leaky mitral valve", "what are the risks of surgery", "how much does it cost", "thank you")
PATIENTS = 3


class Proxy(Address):
    """nginx with the project's configuration."""

    def __init__(self, folder: Path, members: list[Server]) -> None:
        url, self._process = servers.start_nginx(folder, [f"127.0.0.1:{member.port}" for member in members])
        self.port = int(url.rpartition(":")[2])
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                if httpx.get(f"{self.url}/proxy-health").status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        pytest.fail((folder / "nginx.out").read_text()[-2000:])

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(10)


def start_ready(folder: Path, port: int, settings: dict[str, str]) -> Server:
    """Start a process and wait until it can answer, as whoever restarts a service does."""
    member = start_server(folder, PORT=str(port), **settings)
    until = time.monotonic() + 60
    while httpx.get(f"{member.api}ready", timeout=30).status_code != 200:
        assert time.monotonic() < until, "the process does not get ready"
        time.sleep(0.2)
    return member


@dataclass
class Service:
    """What a patient meets at one address."""

    proxy: Proxy
    members: list[Server]
    settings: dict[str, str]
    queue: Queue

    def who_answered(self, turn: str) -> int:
        """Return the number of the process that logged the turn."""
        until = time.monotonic() + 5
        while time.monotonic() < until:
            for number, member in enumerate(self.members):
                if turn in member.log.read_text():
                    return number
            time.sleep(0.05)
        pytest.fail("no process says that it answered the turn")

    def start_again(self, number: int) -> None:
        """Start a process that has ended, at its old address."""
        gone = self.members[number]
        self.members[number] = start_ready(gone.folder, gone.port, self.settings)

    def stored(self, query: str) -> list[tuple[object, ...]]:
        engine = make_engine(self.settings["WEBSITE_DATABASE_URL"])
        with engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(text(query))]
        engine.dispose()
        return rows


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    try:
        servers.find_nginx()
    except FileNotFoundError as error:
        missing_service(str(error))
    for name, address in (("Redis", REDIS), ("RabbitMQ", RABBIT)):
        try:
            socket.create_connection(address, 2).close()
        except OSError:
            missing_service(f"{name} does not answer at {address[0]}:{address[1]}")
    train()
    folder, queue = tmp_path_factory.mktemp("several"), Queue()
    make_secret(folder / "secret")
    with postgres_database("vc_several") as database:
        settings = {
            "WEBSITE_DATABASE_URL": database,
            "WEBSITE_SECRET_FILE": str(folder / "secret"),
            "LOCK_URL": f"redis://{REDIS[0]}:{REDIS[1]}/0",
            "EVENT_BROKER_URL": f"amqp://guest:guest@{RABBIT[0]}:{RABBIT[1]}/",
            "EVENT_BROKER_QUEUE": queue.name,
            "WEBSITE_TRUSTED_PROXIES": "1",
            "LOG_FORMAT": "json",
        }

        def start(number: int) -> Server:
            own = folder / f"server-{number}"
            own.mkdir()
            return start_ready(own, free_port(), settings)

        with ThreadPoolExecutor(2) as pool:
            members = list(pool.map(start, range(2)))
        proxy = Proxy(folder, members)
        running = Service(proxy, members, settings, queue)
        yield running
        proxy.stop()
        for member in running.members:
            if member.process.poll() is None:
                member.stop()
        queue.messages()


@dataclass
class Told:
    """What one patient sent, with the statuses of each try, and what the history has in the end."""

    sent: dict[str, list[int]] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)

    def assert_nothing_is_lost(self) -> None:
        assert self.sent
        assert self.history == list(self.sent), "each message once, in the order in which it was sent"


class Crowd:
    """Patients that talk through the proxy until they are told to stop."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy, self._stop = proxy, threading.Event()
        self._pool = ThreadPoolExecutor(PATIENTS)
        self._talking: list[Future[Told]] = []

    def __enter__(self) -> Crowd:
        self._talking = [self._pool.submit(self._talk) for _ in range(PATIENTS)]
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._pool.shutdown()

    def told(self) -> list[Told]:
        return [talking.result() for talking in self._talking]

    def _talk(self) -> Told:
        told = Told()
        with visiting(self._proxy) as chat:
            for words in itertools.cycle(QUESTIONS):
                if self._stop.is_set():
                    break
                self._say(chat, words, told)
                self._stop.wait(0.3)
            told.history = [turn["id"] for turn in chat.history() if turn["from"] == "patient"]
        return told

    def _say(self, chat: Chat, words: str, told: Told) -> None:
        sent = str(uuid.uuid4())
        statuses = told.sent[sent] = []
        until = time.monotonic() + 30
        while 200 not in statuses:
            assert time.monotonic() < until, statuses
            response = chat.post({"id": sent, "text": words})
            assert response.json()["replies"], "an answer or an apology has words"
            statuses.append(response.status_code)


def test_another_process_goes_on_with_the_context_when_one_is_killed(service: Service) -> None:
    with visiting(service.proxy) as chat:
        first = str(uuid.uuid4())
        assert chat.post({"id": first, "text": "how long is the recovery after mitraclip"}).status_code == 200
        its_process = service.who_answered(first)
        service.members[its_process].stop(signal.SIGKILL)
        second = str(uuid.uuid4())
        answered = chat.post({"id": second, "text": "what are the risks"})
        assert answered.status_code == 200
        assert answered.json()["replies"][0]["variant"] == {"procedure": "mitraclip"}, "the context is kept"
        assert service.who_answered(second) != its_process
        assert [turn["id"] for turn in chat.history() if turn["from"] == "patient"] == [first, second]
    service.start_again(its_process)


def test_processes_are_started_again_one_after_the_other_and_no_patient_gets_an_error(service: Service) -> None:
    with Crowd(service.proxy) as crowd:
        for number, member in enumerate(service.members):
            time.sleep(1)
            assert member.stop(signal.SIGTERM) == 0
            service.start_again(number)
        time.sleep(1)
    for told in crowd.told():
        told.assert_nothing_is_lost()
        assert {tuple(statuses) for statuses in told.sent.values()} == {(200,)}, "each first try is answered"


def test_a_process_that_is_killed_under_load_loses_no_turn_and_doubles_none(service: Service) -> None:
    with Crowd(service.proxy) as crowd:
        time.sleep(2)
        service.members[0].stop(signal.SIGKILL)
        time.sleep(3)
    told = crowd.told()
    for one in told:
        one.assert_nothing_is_lost()
    sent = {turn for one in told for turn in one.sent}
    turns = service.stored("SELECT client_id, state FROM website_turn WHERE client_id IS NOT NULL")
    assert {turn for turn, _ in turns} >= sent
    assert len(turns) == len({turn for turn, _ in turns})
    assert {state for turn, state in turns if turn in sent} == {"answered"}
    parts = [turn for (turn,) in service.stored("SELECT turn FROM conversation_part")]
    assert len(parts) == len(set(parts))
    assert set(parts) >= sent


def test_the_broker_has_each_turn_once_and_in_order(service: Service) -> None:
    """After kills and restarts; a message that came twice has the same id."""
    until = time.monotonic() + 60
    while service.stored("SELECT 1 FROM outbox LIMIT 1"):
        assert time.monotonic() < until, "the outbox is not drained"
        time.sleep(0.2)
    published = service.queue.messages()
    heard = list(dict.fromkeys(number for number, event in published if event["event"] == "user"))
    stored = service.stored("SELECT conversation, count(*) FROM conversation_part GROUP BY conversation")
    assert stored
    for conversation, count in stored:
        own = [number for number in heard if number.startswith(f"{conversation}/")]
        assert len(own) == count, "one message of the patient for each turn"
        positions = [int(number.split("/")[-2]) for number in own]
        assert positions == sorted(positions), "in the order of the conversation"
