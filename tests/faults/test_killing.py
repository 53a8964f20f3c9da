"""Processes that are killed or stopped, patients that go away, and messages that come twice or all at once."""

from __future__ import annotations

import itertools
import os
import random
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from support import make_secret

from faults.checker import check, read
from faults.conftest import Factory
from faults.patients import Crowd, Patient
from faults.processes import PATIENCE, FaultServer, request, until
from faults.services import Postgres, Redis

KILLS = 7


@pytest.fixture(scope="module")
def mortal(start: Factory) -> Iterator[FaultServer]:
    """A server that is killed and stopped, and started again."""
    server = start()
    yield server
    server.kill()


def test_b3_a_server_that_is_killed_under_load_loses_no_turn(mortal: FaultServer) -> None:
    """SIGKILL at random moments; a supervisor starts it again; patients send again under the same id."""
    server = mortal
    chance = random.Random(3)
    with Crowd(server, 4, 0.02) as crowd:
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.3, 1.5))
            server.kill()
            server.start()
    assert server.slowest_start < 30 * PATIENCE
    crowd.settle()
    assert any(record.tries > 1 for patient in crowd.patients for record in patient.records), "nobody was hit"
    check(server, crowd.patients, "SIGKILL", slow=40)


def test_b3_a_message_that_was_received_is_answered_once_after_the_kill(start: Factory) -> None:
    server = start(ACTION_ENDPOINT_URL="http://127.0.0.1:9/none")
    patient = Patient(server).begin()
    record = patient.ask("what are the risks of surgery")
    assert record.status == 503, "no action server: the turn is received and not answered"
    server.kill()
    (stored,) = (found for found in read(server).values() if found.turns)
    assert [turn[:3] for turn in stored.turns] == [(record.id, record.text, "received")]
    del server.settings["ACTION_ENDPOINT_URL"]
    server.start()
    patient.settle()
    check(server, [patient], "SIGKILL between message and answer", slow=40)


def test_b4_sigterm_lets_turns_end_and_the_server_ends_in_order(mortal: FaultServer) -> None:
    server = mortal
    with Crowd(server, 4, 0.02) as crowd:
        time.sleep(1.5)
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 15 * PATIENCE
    server.start()
    crowd.settle()
    check(server, crowd.patients, "SIGTERM", slow=40)


def test_b5_a_patient_who_goes_away_and_sends_again_gets_one_answer(plain: FaultServer) -> None:
    patient = Patient(plain).begin()
    chance = random.Random(5)
    for number in range(20):
        record = patient.ask("thank you") if number == 0 else _send_and_leave(patient, chance.uniform(0, 0.08))
        patient.settle()
        first = record.replies
        patient.send(record)
        assert record.replies == first
    check(plain, [patient], "client aborts")


def _send_and_leave(patient: Patient, seconds: float) -> object:
    """Write a whole request and close the line before the answer."""
    from faults.patients import Record

    record = Record(str(uuid.uuid4()), f"what are the risks {patient.marker}", len(patient.records))
    patient.records.append(record)
    body = f'{{"id": "{record.id}", "text": "{record.text}"}}'.encode()
    head = (
        "POST /webhooks/website/messages HTTP/1.1\r\nHost: clinic\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {patient.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", patient.server.port), 5) as line:
        line.sendall(head.encode() + body)
        time.sleep(seconds)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")  # a reset
    return record


def test_b6_the_same_message_five_times_at_once_is_one_turn(plain: FaultServer) -> None:
    patient = Patient(plain).begin()
    with ThreadPoolExecutor(5) as pool:
        for number in range(10):
            body = {"id": str(uuid.uuid4()), "text": f"what are the risks {number} {patient.marker}"}
            sent = [pool.submit(_post, patient, body) for _ in range(5)]
            answers = [future.result() for future in sent]
            assert [answer.status_code for answer in answers] == [200] * 5
            assert len({answer.text for answer in answers}) == 1
    stored = next(found for found in read(plain).values() if any(patient.marker in turn[1] for turn in found.turns))
    assert (len(stored.turns), len(stored.parts)) == (10, 10)
    check(plain, [patient], "five times at once")


def _post(patient: Patient, body: dict[str, str], server: FaultServer | None = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {patient.token}"}
    return request("POST", (server or patient.server).api + "messages", json=body, headers=headers)


def test_b7_twelve_messages_at_once_are_all_answered(plain: FaultServer) -> None:
    _burst([plain])


Both = Callable[[str], list[FaultServer]]


@pytest.fixture(scope="module")
def both(start: Factory, postgres: Postgres, redis: Redis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Two processes on one database, by the place of their locks; they start when they are first asked for."""
    started: dict[str, list[FaultServer]] = {}

    def on(place: str) -> list[FaultServer]:
        if place not in started:
            database = postgres.new_database(f"both_{place}")
            secret = tmp_path_factory.mktemp("both") / "secret"
            make_secret(secret)
            settings = {
                "WEBSITE_DATABASE_URL": database,
                "WEBSITE_SECRET_FILE": str(secret),
                "LOCK_URL": redis.url if place == "redis" else database,
                # The deadline that a server has by default: longer than a lock lives.
                "WEBSITE_TURN_SECONDS": "5",
            }
            with ThreadPoolExecutor(2) as pool:
                started[place] = list(pool.map(lambda _: start(**settings), range(2)))
            for server in started[place]:  # traffic goes to who is ready: the first question of a model takes its time
                until(lambda server=server: request("GET", f"{server.api}ready").status_code == 200, 30, "ready")
        return started[place]

    yield on
    for server in itertools.chain(*started.values()):
        server.kill()


@pytest.mark.parametrize("place", ["redis", "postgresql"])
def test_b7_twelve_messages_at_once_to_two_processes(both: Both, place: str) -> None:
    _burst(both(place))


def _burst(servers: list[FaultServer]) -> None:
    patient = Patient(servers[0]).begin()
    bodies = [{"id": str(uuid.uuid4()), "text": f"what are the risks {n} {patient.marker}"} for n in range(12)]
    begun = time.monotonic()
    with ThreadPoolExecutor(12) as pool:
        sent = [pool.submit(_post, patient, body, servers[n % len(servers)]) for n, body in enumerate(bodies)]
        answers = [future.result() for future in sent]
    assert [answer.status_code for answer in answers] == [200] * 12
    assert time.monotonic() - begun < 5 * PATIENCE
    stored = next(
        found for found in read(servers[0]).values() if any(patient.marker in turn[1] for turn in found.turns)
    )
    assert (len(stored.turns), len(stored.parts)) == (12, 12)
    assert sum(part[2].count('"session_started"') for part in stored.parts) == 1
    check(servers[0], [patient], "twelve at once")


@pytest.mark.parametrize("place", ["redis", "postgresql"])
def test_b12_a_killed_process_delays_the_next_by_five_seconds_at_most(both: Both, place: str) -> None:
    """The process is killed while it holds the conversation's lock; another goes on with its memory of the context."""
    first, second = both(place)
    patient = Patient(first).begin()
    patient.ask("what are the risks of surgery")
    sending = threading.Thread(target=patient.ask, args=(f"how long is the recovery {patient.marker}",))
    sending.start()
    time.sleep(0.03)
    os.kill(first.pid, signal.SIGSTOP)
    time.sleep(0.1)
    first.kill()
    sending.join()
    patient.server = second
    begun = time.monotonic()
    patient.settle()
    assert time.monotonic() - begun < 5 * PATIENCE
    check(second, [patient], "killed holder of a lock", slow=40)


def test_b12_redis_away_for_a_while_disturbs_nobody(both: Both, redis: Redis) -> None:
    server = both("redis")[1]  # the first may have been killed
    with Crowd(server, 3) as crowd:
        time.sleep(1)
        redis.stop()
        time.sleep(3)
        redis.start()
        time.sleep(1)
    crowd.settle()
    check(server, crowd.patients, "Redis away")


def test_b12_a_stale_lock_that_nobody_holds_is_gone_in_five_seconds(both: Both, redis: Redis) -> None:
    from redis import Redis as Client

    from valve_clinic.storage.redis_lock import LIFE_MS

    server = both("redis")[1]
    patient = Patient(server).begin()
    conversation = server.conversation_of(patient.token)
    with Client.from_url(redis.url) as client:
        client.set(f"valve-clinic:turn:{conversation}", "a holder that was killed", px=LIFE_MS)
        record = patient.ask("what are the risks of surgery")
        assert record.is_acknowledged
        assert record.slowest < 5 * PATIENCE
        client.delete(f"valve-clinic:turn:{conversation}")
    check(server, [patient], "stale lock")
