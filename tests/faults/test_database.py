"""The database restarts, hangs, fails at every single call, is full, read-only, damaged."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from faults.checker import check, read
from faults.conftest import Factory
from faults.patients import Crowd, Patient
from faults.processes import PATIENCE, FaultServer, request, until
from faults.services import Postgres
from valve_clinic.database import make_engine


def health_seconds(server: FaultServer) -> float:
    begun = time.monotonic()
    assert request("GET", server.api + "health", timeout=10 * PATIENCE).status_code == 200
    return time.monotonic() - begun


def test_b8_postgresql_restarts_between_turns(on_postgres: FaultServer, postgres: Postgres) -> None:
    patient = Patient(on_postgres).begin()
    patient.ask("how long is the recovery after mitraclip")
    postgres.restart()
    record = patient.ask("what are the risks")
    patient.settle()
    assert record.replies[0]["variant"] == {"procedure": "mitraclip"}, "the context is kept"
    check(on_postgres, [patient], "PostgreSQL restart between turns")


def test_b8_postgresql_restarts_during_turns(on_postgres: FaultServer, postgres: Postgres) -> None:
    with Crowd(on_postgres, 4, 0.02) as crowd:
        for _ in range(3):
            time.sleep(1)
            postgres.restart()
        time.sleep(0.5)
    crowd.settle()
    check(on_postgres, crowd.patients, "PostgreSQL restarts under load")


def test_b9_postgresql_down_for_ten_seconds(on_postgres: FaultServer, postgres: Postgres) -> None:
    with Crowd(on_postgres, 3) as crowd:
        time.sleep(0.5)
        postgres.stop()
        slowest = 0.0
        for _ in range(10):
            slowest = max(slowest, health_seconds(on_postgres))
            time.sleep(1)
        postgres.start()
        time.sleep(1)
    assert slowest < 1 * PATIENCE
    assert any(record.tries > 1 for patient in crowd.patients for record in patient.records), "nobody was hit"
    assert crowd.settle() < 10 * PATIENCE
    check(on_postgres, crowd.patients, "PostgreSQL down", slow=4)


def test_b9_postgresql_hangs_for_five_seconds(on_postgres: FaultServer, postgres: Postgres) -> None:
    with Crowd(on_postgres, 3) as crowd:
        time.sleep(0.5)
        postgres.signal_all(signal.SIGSTOP)
        try:
            slowest = 0.0
            for _ in range(10):
                slowest = max(slowest, health_seconds(on_postgres))
                time.sleep(0.5)
        finally:
            postgres.signal_all(signal.SIGCONT)
        time.sleep(1)
    assert slowest < 1 * PATIENCE, "the event loop waited for the database"
    crowd.settle()
    check(on_postgres, crowd.patients, "PostgreSQL hangs")


@pytest.mark.parametrize("how", ["once", "for good"])
def test_b10_the_kth_call_of_the_database_fails(plain: FaultServer, how: str) -> None:
    """Every statement and commit of a turn fails once, for each of them; then each and all after it."""
    countdown = plain.folder / "database"
    patients = []
    for k in range(1, 16):
        patient = Patient(plain).begin()
        patient.ask("how long is the recovery after mitraclip")
        countdown.write_text(f"{k} {how}")
        record = patient.ask("what are the risks")
        countdown.unlink(missing_ok=True)
        assert record.status in (200, 503)
        patient.settle()
        assert record.replies[0]["variant"] == {"procedure": "mitraclip"}, "the context is kept"
        patients.append(patient)
    check(plain, patients, f"k-th database call fails {how}")


def test_b11_one_row_that_cannot_be_read_ends_one_conversation(plain: FaultServer) -> None:
    hurt, other = Patient(plain).begin(), Patient(plain).begin()
    for patient in (hurt, other):
        patient.ask()
    changed = _change(
        plain,
        "UPDATE conversation_part SET events = '{\"half' WHERE turn = :turn",
        turn=hurt.records[0].id,
    )
    assert changed == 1
    assert hurt.ask().is_acknowledged, "the conversation begins anew"
    assert other.ask().is_acknowledged
    assert plain.log.read_text().count("ALERT quarantine") == 1
    assert _change(plain, "DELETE FROM conversation_quarantine") == 1, "it was kept aside"
    hurt.records.pop(0)  # its part is aside, as it should be
    check(plain, [other, hurt], "a damaged row")


def _change(server: FaultServer, statement: str, **values: str) -> int:
    engine = make_engine(server.database_url)
    with engine.begin() as connection:
        changed = int(connection.execute(text(statement), values).rowcount)
    engine.dispose()
    return changed


def test_b11_a_full_disk_is_said_and_passes(start: Factory, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    small = tmp_path / "small"
    small.mkdir()
    if os.system(f"mount -t tmpfs -o size=8m tmpfs {small} 2>/dev/null"):
        pytest.skip("no disk can be mounted here")
    try:
        server = start(WEBSITE_DATABASE_URL=f"sqlite:///{small}/website.db")
        patient = Patient(server).begin()
        patient.ask()
        filler = small / "filler"
        _fill(filler)
        failed = [patient.ask() for _ in range(3)]
        filler.unlink()
        assert any(record.status == 503 for record in failed), "the disk was not full"
        patient.settle()
        assert "ALERT database" in server.log.read_text()
        check(server, [patient], "disk full")
        server.kill()
    finally:
        os.system(f"umount -l {small}")


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as full:
        try:
            while full.write(b"x" * 512):
                pass
        except OSError:
            return


def test_b11_a_database_file_of_garbage_is_said_and_passes_when_it_is_back(start: Factory) -> None:
    server = start()
    patient = Patient(server).begin()
    patient.ask()
    file = server.folder / "website.db"
    engine = make_engine(server.database_url)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    kept = file.read_bytes()
    with file.open("r+b") as damaged:  # in place, as a broken disk would
        damaged.write(b"\xff" * len(kept))
    failed = patient.ask()
    assert failed.status in (0, 503)
    assert not failed.silences
    assert not server.ended
    server.kill()  # an operator puts the backup in its place
    for name in ("website.db-wal", "website.db-shm"):
        (server.folder / name).unlink(missing_ok=True)
    file.write_bytes(kept)
    server.start()
    patient.settle()
    check(server, [patient], "garbage in the database's place", slow=40)
    server.kill()


def test_b11_a_read_only_database_is_said_and_passes(plain: FaultServer) -> None:
    """Root may write everywhere: the lock of another writer stands for a file that cannot be written."""
    patient = Patient(plain).begin()
    engine = make_engine(plain.database_url)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        record = patient.ask()
        connection.exec_driver_sql("ROLLBACK")
    engine.dispose()
    assert record.status == 503
    assert record.slowest < 5 * PATIENCE
    patient.settle()
    check(plain, [patient], "nobody may write")


def test_b16_turn_200_of_a_conversation_costs_what_turn_10_does(plain: FaultServer) -> None:
    patient = Patient(plain).begin()
    times = []
    for _ in range(200):
        begun = time.monotonic()
        assert patient.ask().is_acknowledged
        times.append(time.monotonic() - begun)
    early, late = sorted(times[5:45])[20], sorted(times[160:])[20]
    assert late < 2 * early, (early, late)
    check(plain, [patient], "a long conversation")


def test_b15_the_clock_jumps(plain: FaultServer) -> None:
    patient = Patient(plain).begin()
    clock = plain.folder / "clock"
    try:
        for jump in ("7200", "-7200", "1799", "1801"):
            clock.write_text(jump)
            record = patient.ask()
            assert record.status in (200, 401)
            assert not record.silences
    finally:
        clock.unlink()
    patient.records = [record for record in patient.records if record.is_acknowledged]
    check(plain, [patient], "clock jumps")


def test_b9_the_copy_of_a_database_is_complete(plain: FaultServer, tmp_path: Path) -> None:
    """What was answered is in the files at once: a copy that is opened elsewhere has it (as after a power cut)."""
    patient = Patient(plain).begin()
    record = patient.ask()
    for name in ("website.db", "website.db-wal"):
        if (plain.folder / name).exists():
            shutil.copy(plain.folder / name, tmp_path / name)
    copy = FaultServer(plain.zygote, tmp_path)
    assert any(record.id == turn[0] for found in read(copy).values() for turn in found.turns)


def test_b9_conversations_go_on_while_one_statement_hangs(on_postgres: FaultServer) -> None:
    """Another program holds the row of one session: its patient waits, the others notice nothing."""
    held, other = Patient(on_postgres).begin(), Patient(on_postgres).begin()
    held.ask()
    engine = make_engine(on_postgres.database_url)
    with engine.connect() as connection:
        query = "SELECT * FROM website_session WHERE id = (SELECT session_id FROM website_turn WHERE client_id = :id)"
        connection.execute(text(f"{query} FOR UPDATE"), {"id": held.records[0].id})
        waiting = threading.Thread(target=held.ask)
        waiting.start()
        until(lambda: len(held.records) == 2, 5, "the message was sent")
        for _ in range(5):
            record = other.ask()
            assert record.is_acknowledged
            assert record.slowest < 1.5 * PATIENCE
        waiting.join()
        connection.rollback()
    engine.dispose()
    held.settle()
    check(on_postgres, [held, other], "one row is locked")
