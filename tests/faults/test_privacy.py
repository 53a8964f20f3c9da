"""What a patient types about themselves is kept nowhere, and one conversation can be taken away while others chat."""

from __future__ import annotations

import datetime
import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

from canaries import CANARIES, MESSAGES
from sqlalchemy import inspect, text, update
from support import BIN

from faults.checker import check
from faults.conftest import Factory
from faults.patients import Crowd, Patient
from faults.processes import PATIENCE, FaultServer, request, until
from faults.services import Postgres, Queue, rabbit_address
from faults.test_neighbours import waiting
from valve_clinic.channel.models import SessionRow, TurnRow
from valve_clinic.database import make_engine
from valve_clinic.storage.models import PartRow


def tell_everything(patient: Patient) -> str:
    """Send the canaries through messages, comments, events and what is refused; returns all that was answered."""
    answered: list[Any] = [patient.ask(words).replies for words in MESSAGES]
    reply = patient.ask("what is a leaky valve").replies[0]["id"]

    def send(path: str, body: bytes, token: str = patient.token) -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        answered.append(request("POST", patient.server.api + path, content=body, headers=headers).text)

    comment = {"reply": reply, "helpful": False, "comment": "I am Rosalind Quillfinch, 412-55-0198"}
    send("feedback", json.dumps(comment).encode())
    event = {"event": "link_clicked", "reply": reply, "target": "https://example.org/?q=Rosalind-Quillfinch"}
    send("events", json.dumps(event).encode())
    begun = b'{"id": "' + str(uuid.uuid4()).encode() + b'", "text": "I am Rosalind Quillfinch", "more": 1'
    for body in (begun, begun + b"}", b'{"text": ["Rosalind Quillfinch"]}', b'{"Rosalind": "Quillfinch"}'):
        send("messages", body)
    send("messages", begun.replace(b', "more": 1', b"}"), token="Rosalind.Quillfinch.412-55-0198")
    return json.dumps([answered, patient.history()])


def found_in(folder: Path, *words: str) -> list[str]:
    """Return the files under a folder that hold one of the words, as bytes."""
    files = [(path, path.read_bytes()) for path in sorted(folder.rglob("*")) if path.is_file()]
    return [f"{word} in {path.name}" for path, data in files for word in words if word.encode() in data]


def test_a16_personal_data_is_in_no_file_log_or_answer_even_when_the_database_fails(plain: FaultServer) -> None:
    patient = Patient(plain).begin()
    told = tell_everything(patient)
    sabotage = plain.folder / "database"
    for calls in ("1 for good", "4 for good", "7 once"):
        sabotage.write_text(calls)
        patient.ask("my name is Rosalind Quillfinch and what is mitraclip")
        sabotage.unlink(missing_ok=True)
    assert "[name]" in told, "something was masked"
    assert not [canary for canary in CANARIES if canary in told]
    assert found_in(plain.folder, *CANARIES) == []
    check(plain, [patient], "personal data")


def test_a16_personal_data_is_not_in_postgresql_or_at_the_broker(
    start: Factory, postgres: Postgres, database: str
) -> None:
    """Neither in a row nor in a file of the PostgreSQL server: tables, write-ahead log, log of errors."""
    host, port = rabbit_address()
    queue = Queue()
    broker = {"EVENT_BROKER_URL": f"amqp://guest:guest@{host}:{port}/", "EVENT_BROKER_QUEUE": queue.name}
    server = start(WEBSITE_DATABASE_URL=database, **broker)
    patient = Patient(server).begin()
    tell_everything(patient)
    (server.folder / "database").write_text("6 once")
    patient.ask("my name is Rosalind Quillfinch and what is mitraclip")
    check(server, [patient], "personal data on PostgreSQL")
    until(lambda: waiting(server) == 0, 20, "the outbox is drained")
    published, stored = json.dumps(queue.messages()), all_rows(server)
    assert "[name]" in published
    assert "[name]" in stored
    assert not [canary for canary in CANARIES if canary in published + stored]
    assert found_in(server.folder, *CANARIES) == []
    assert found_in(postgres.folder, *CANARIES) == []
    server.kill()


def all_rows(server: FaultServer) -> str:
    engine = make_engine(server.database_url)
    with engine.connect() as connection:
        names = inspect(engine).get_table_names()
        rows = [list(connection.execute(text(f'SELECT CAST(one AS TEXT) FROM "{name}" AS one'))) for name in names]
    engine.dispose()
    return str(rows)


def privacy(server: FaultServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / "valve-clinic"), "privacy", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60 * PATIENCE,
        env=server.environment(),
    )


def test_b18_one_conversation_is_exported_and_forgotten_while_it_and_others_chat(plain: FaultServer) -> None:
    with Crowd(plain, 3, 0.3) as crowd:
        leaving, *staying = crowd.patients
        until(lambda: all(patient.records for patient in crowd.patients), 10, "everybody has said something")
        shown = privacy(plain, "export", leaving.token)
        assert shown.returncode == 0, shown.stderr
        assert leaving.marker in shown.stdout
        assert not [patient for patient in staying if patient.marker in shown.stdout]
        assert found_in(plain.folder, leaving.marker), "the test sees the bytes before"
        done = privacy(plain, "forget", leaving.token)
        assert done.returncode == 0, done.stderr
        until(lambda: leaving.records[-1].status == 401, 5, "the chat that runs is told to begin anew")
    assert found_in(plain.folder, leaving.marker) == []
    for patient in staying:
        patient.settle()
    check(plain, staying, "a conversation is forgotten")
    leaving.token = ""
    assert leaving.begin().ask().is_acknowledged, "a new conversation begins"


def test_b18_a_purge_takes_what_is_old_and_leaves_who_chats(plain: FaultServer) -> None:
    old = Patient(plain).begin()
    assert old.ask(f"what is a leaky valve {old.marker}").is_acknowledged
    _age(plain, old, 40)
    assert found_in(plain.folder, old.marker), "the test sees the bytes before"
    with Crowd(plain, 2, 0.3) as crowd:
        done = privacy(plain, "purge", "--older-than", "30")
        assert done.returncode == 0, done.stderr
    assert found_in(plain.folder, old.marker) == []
    crowd.settle()
    assert all(any(turn.get("text") for turn in patient.history()) for patient in crowd.patients)
    check(plain, crowd.patients, "a purge")


def _age(server: FaultServer, patient: Patient, days: int) -> None:
    """Make a conversation older than it is."""
    moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=days)
    conversation = server.conversation_of(patient.token)
    engine = make_engine(server.database_url)
    with engine.begin() as connection:
        connection.execute(update(TurnRow).where(TurnRow.session_id == conversation).values(at=moment))
        connection.execute(update(SessionRow).where(SessionRow.id == conversation).values(last_at=moment))
        part = update(PartRow).where(PartRow.conversation == conversation)
        connection.execute(part.values(at=moment.timestamp()))
    engine.dispose()
