"""What a stranger may send: the server stays, answers in words, and lets nobody in."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from faults.checker import check, read
from faults.conftest import Factory
from faults.patients import Patient
from faults.processes import PATIENCE, FaultServer, request
from valve_clinic.content.loader import load_clinic

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def patient(plain: FaultServer) -> Patient:
    return Patient(plain).begin()


def post(patient: Patient, body: bytes, path: str = "messages", **headers: str) -> httpx.Response:
    """Send bytes as they are, with the patient's token."""
    given = {**JSON, "Authorization": f"Bearer {patient.token}", **headers}
    return request("POST", patient.server.api + path, content=body, headers=given, timeout=30 * PATIENCE)


def message(text: str) -> bytes:
    return json.dumps({"id": str(uuid.uuid4()), "text": text}).encode()


def assert_words(response: httpx.Response, *statuses: int) -> None:
    """An answer, or a refusal in plain words with the number."""
    assert response.status_code in (statuses or range(200, 500)), response.text
    replies = response.json()["replies"]
    assert replies
    assert all(reply["text"].strip() for reply in replies)
    if response.status_code >= 400:
        assert load_clinic().phone in replies[0]["text"]


@pytest.mark.parametrize("field", ["id", "text", "button"])
@pytest.mark.parametrize("poison", ["\\ud800", "\\udfff x", "a\\u0000b", "\\u0000"])
def test_a1_a2_surrogates_and_nul_in_every_field(patient: Patient, field: str, poison: str) -> None:
    known = {"id": f'"{uuid.uuid4()}"', "text": '"hello"'}
    if field == "button":
        known = {"id": known["id"]}
    body = ", ".join(f'"{key}": {value}' for key, value in {**known, field: f'"{poison}"'}.items())
    assert_words(post(patient, f"{{{body}}}".encode()))
    for path in ("feedback", "events"):
        poisoned = f'{{"reply": "{poison}", "helpful": true, "event": "{poison}", "comment": "{poison}"}}'
        assert_words(post(patient, poisoned.encode(), path))
    assert_words(
        request("GET", patient.server.api + "history", headers={b"Authorization": b"Bearer a\xed\xa0\x80"}), 401
    )
    check(patient.server, [patient], "surrogates and NUL")


def test_a2_surrogates_and_nul_on_postgresql(on_postgres: FaultServer) -> None:
    patient = Patient(on_postgres).begin()
    for poison in ("\\ud800", "a\\u0000b hello"):
        assert_words(post(patient, f'{{"id": "{uuid.uuid4()}", "text": "{poison}"}}'.encode()))
    check(on_postgres, [patient], "surrogates and NUL on PostgreSQL")


WRONG = [
    b"null", b"[]", b'""', b"5", b"1e999", b"", b"{", b"\xff\xfe", b'{"id": 1e999, "text": "x"}',
    b'{"id": null, "text": null}', b'{"text": "hi"}', b'{"id": {"x": 1}, "text": "hi"}', b'{"id": "x", "id": "y"}',
    b'{"sender": "me", "message": "hi"}', b'[{"id": "x"}]', b'{"id": "x", "text": 5}', b'{"id": "x", "text": ["hi"]}',
    b'{"id": "x", "text": {"text": "hi"}}', b"true", b'"hello"', b"NaN",
]  # fmt: skip


@pytest.mark.parametrize("body", WRONG)
def test_a3_wrong_shapes_are_refused_in_words(patient: Patient, body: bytes) -> None:
    assert_words(post(patient, body), 400, 422)


def test_a4_no_forged_or_foreign_session_gets_in(plain: FaultServer) -> None:
    owner, thief = Patient(plain).begin(), Patient(plain).begin()
    owner.ask()
    before = {name: len(found.turns) for name, found in read(plain).items()}
    body, _, signature = owner.token.rpartition(".")
    for token in ("", "forged", f"{body}.{signature[:-2]}AA", f"{body}x.{signature}", body, "../" + owner.token):
        thief.token = token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        for response in (
            request("POST", plain.api + "messages", content=message("hello"), headers={**JSON, **headers}),
            request("GET", plain.api + "history", headers=headers),
            request("DELETE", plain.api + "conversation", headers=headers),
        ):
            assert_words(response, 401)
    assert {name: len(found.turns) for name, found in read(plain).items()} == before, "something was written"
    check(plain, [owner], "forged sessions")


def test_a5_fifty_patients_at_once_hear_nothing_of_each_other(plain: FaultServer) -> None:
    with ThreadPoolExecutor(10) as pool:
        patients = list(pool.map(lambda _: Patient(plain).begin(), range(50)))
        for _ in range(2):
            list(pool.map(lambda patient: patient.ask(), patients))
    for patient in patients:
        told = json.dumps([record.replies for record in patient.records]) + json.dumps(patient.history())
        assert not any(other.marker in told for other in patients if other is not patient)
    check(plain, patients, "fifty at once", slow=30)


COMMANDS = [
    "/restart", " /restart", "/session_start", "/back", "／restart", "\u200b/restart", "\u2060／session_start",
    "//restart", "/ask_risks", '/ask_risks{"procedure": "<img src=x onerror=alert(1)>"}', "/ask_risks@1.0", "/_x",
    "\u00a0/restart", "\ufeff/restart", "/request_human", "/report_emergency", "\t/restart", "/nlu_fallback@1.0{}",
    "\u202e/restart", "/EXTERNAL: restart",
]  # fmt: skip


def test_a6_commands_are_text(plain: FaultServer) -> None:
    patient = Patient(plain).begin()
    patient.ask("how long is the recovery after mitraclip")
    for command in COMMANDS:
        assert_words(post(patient, message(command)), 200, 422)
    record = patient.ask("and what are the risks of it")
    assert record.is_acknowledged
    stored = next(found for found in read(plain).values() if any(turn[0] == record.id for turn in found.turns))
    events = "".join(part[2] for part in stored.parts)
    assert events.count('"session_started"') == 1
    assert not any(done in events for done in ("action_restart", '"event":"restart"', "action_back", '"rewind"'))
    assert not any(turn[1].startswith("/") for turn in stored.turns)


def test_a7_every_length_while_another_patient_chats(plain: FaultServer) -> None:
    other = Patient(plain).begin()
    patient = Patient(plain).begin()
    stop = threading.Event()

    def chat() -> None:
        while not stop.is_set():
            other.ask()

    chatting = threading.Thread(target=chat)
    chatting.start()
    lengths = {0: (422,), 1: (200,), 500: (200,), 501: (422,), 10_000: (422,), 1_000_000: (413,), 5_000_000: (413,)}
    try:
        for length, statuses in lengths.items():
            assert_words(post(patient, message("x" * length)), *statuses)
    finally:
        stop.set()
        chatting.join()
    times = sorted(record.slowest for record in other.records)
    assert times[int(len(times) * 0.95)] < 1 * PATIENCE
    check(plain, [other], "long messages")


def test_a8_bombs_are_refused_at_once(patient: Patient) -> None:
    deep = b'{"id": ' + b"[" * 5000 + b"]" * 5000 + b"}"
    wide = b"{" + b",".join(b'"k%d": 1' % n for n in range(100_000)) + b"}"
    packed = gzip.compress(b'{"id": "x", "text": "' + b"x" * 10_000_000 + b'"}')
    for body, headers in (
        (deep, {}),
        (wide, {}),
        (packed, {"Content-Encoding": "gzip"}),
        (message("hi"), {"Content-Type": "text/plain"}),
        (message("hi"), {"Content-Type": "application/x-www-form-urlencoded"}),
    ):
        begun = time.monotonic()
        assert_words(post(patient, body, **headers), 400, 413, 415)
        assert time.monotonic() - begun < 0.5 * PATIENCE


SCRIPTS = [
    "👩‍👩‍👧‍👦💔", "\u202egnp.exe", "z\u0300\u0301\u0302" * 40, "ﷺ" * 20, "\u200bhello\u200d", "مرحبا", "שלום", "你好",
    "こんにちは", "안녕하세요", "नमस्ते", "สวัสดี", "Привет", "Γεια", "გამარჯობა", "Բարև", "ሰላም", "ᏏᏲ", "🫀",
    "a" * 499 + "💔",
    "' OR 1=1 --", "{{7*7}}", "{0.__class__}", "'; DROP TABLE website_turn;--", "${jndi:ldap://x}",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>", "javascript:alert(1)", "%s%n", "\u2028line", "ℌ𝔢𝔩𝔩𝔬", "{phone}", "../../etc/passwd",
]  # fmt: skip


def test_a9_a10_a11_every_script_and_every_trick_is_words(plain: FaultServer) -> None:
    patient = Patient(plain).begin()
    for words in SCRIPTS:
        response = post(patient, message(words))
        assert_words(response, 200, 422)
        told = json.dumps(response.json(), ensure_ascii=False)
        assert not any(mark in told for mark in ("\u202e", "<script", "<img", "javascript:", "__class__", "DROP TABLE"))
    check(plain, [patient], "scripts and tricks")


@pytest.fixture(scope="module")
def guarded(start: Factory) -> Iterator[FaultServer]:
    """A server with limits, and with the deadline of a turn that it has by default: a flood waits for itself."""
    limits = {"WEBSITE_MESSAGES_PER_MINUTE": "20", "WEBSITE_TURN_SECONDS": "5"}
    server = start(SANIC_REQUEST_TIMEOUT="5", SANIC_RESPONSE_TIMEOUT="8", **limits)
    yield server
    server.kill()


def test_a13_a_flood_is_slowed_and_others_notice_nothing(guarded: FaultServer) -> None:
    flooder, other = Patient(guarded).begin(), Patient(guarded).begin()
    with ThreadPoolExecutor(10) as pool:
        sent = [pool.submit(post, flooder, message("what are the risks")) for _ in range(200)]
        normal = [other.ask() for _ in range(5)]
        answers = [future.result() for future in sent]
    for answer in answers:
        assert_words(answer, 200, 429)
    assert sum(answer.status_code == 429 for answer in answers) >= 150
    assert all(record.is_acknowledged for record in normal)
    assert max(record.slowest for record in normal) < 5 * PATIENCE
    check(guarded, [other], "flood")


def test_a14_stalled_lines_are_cut_and_others_notice_nothing(guarded: FaultServer) -> None:
    lines = [socket.create_connection(("127.0.0.1", guarded.port), 5) for _ in range(400)]
    try:
        for index, line in enumerate(lines):
            start_of_it = b"POST /webhooks/website/messages HTTP/1.1\r\nHost: clinic\r\n"
            body = b"Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"
            line.sendall(start_of_it if index < 300 else start_of_it + body)
        other = Patient(guarded).begin()
        for _ in range(5):
            assert other.ask().slowest < 2 * PATIENCE
        deadline = time.monotonic() + 10 * PATIENCE
        for line in lines:
            line.settimeout(max(0.1, deadline - time.monotonic()))
            with contextlib.suppress(ConnectionResetError):
                while line.recv(4096):  # an answer such as 408 or 503, then the end
                    pass
    finally:
        for line in lines:
            line.close()
    check(guarded, [other], "stalled lines")


def test_a15_rasas_own_doors_are_closed(plain: FaultServer) -> None:
    for method, path in (
        ("GET", "conversations/x/tracker"), ("POST", "model/parse"), ("GET", "domain"), ("GET", "version"),
        ("GET", "status"), ("PUT", "model"), ("DELETE", "model"), ("POST", "conversations/x/messages"),
        ("GET", "metrics"), ("POST", "webhooks/rest/webhook"), ("GET", "actions"), ("POST", "webhook"),
    ):  # fmt: skip
        response = request(method, f"{plain.url}/{path}")
        assert response.status_code in (401, 404, 405), path
    assert "3.6.21" not in request("GET", plain.url).text
