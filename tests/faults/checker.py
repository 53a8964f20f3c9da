"""The invariants that hold after every fault, checked on what patients were told and what the database has."""

from __future__ import annotations

import collections
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import text

from faults.figures import FIGURES
from faults.patients import ANSWER_SECONDS, Patient
from faults.processes import PATIENCE, FaultServer
from valve_clinic.channel.kept_replies import KeptReplies
from valve_clinic.database import make_engine

#: Replies that are given without Rasa, so that no part of a turn need be stored with them.
FIXED_KINDS = frozenset({"emergency", "crisis"})
RECOVERY_SECONDS = 10.0


@dataclass
class Stored:
    """What the database has of one conversation."""

    turns: list[tuple[str, str, str, str]] = field(default_factory=list)  # id, text, state, replies as text
    parts: list[tuple[int, str, str]] = field(default_factory=list)  # position, turn, events as text


def read(server: FaultServer) -> dict[str, Stored]:
    """Return what is stored, by conversation."""
    engine = make_engine(server.database_url)
    found: dict[str, Stored] = collections.defaultdict(Stored)
    with engine.connect() as connection:
        turns = "SELECT session_id, client_id, text, state, CAST(replies AS TEXT) FROM website_turn ORDER BY id"
        for session, *row in connection.execute(text(turns)):
            if row[0] is not None:
                found[session].turns.append((*row[:3], _legible(row[3])))
        parts = "SELECT conversation, position, turn, events FROM conversation_part ORDER BY conversation, position"
        for session, *row in connection.execute(text(parts)):
            found[session].parts.append(tuple(row))
    engine.dispose()
    return found


def _legible(replies: str | None) -> str:
    """Return stored replies as JSON: long ones are packed."""
    return json.dumps(KeptReplies().process_result_value(json.loads(replies), None)) if replies else ""


def check(server: FaultServer, patients: Iterable[Patient], fault: str, slow: float = ANSWER_SECONDS) -> None:
    """Check I1 to I7 and count; `slow` is how long an answer or an apology may take during this fault."""
    patients = list(patients)
    assert not server.ended, "the server has ended"
    recovery = recover(server)  # I5
    stored = read(server)
    conversation_of = server.conversation_of
    problems: list[str] = []
    lost = doubled = silent = 0
    log = server.log.read_text(errors="replace")
    for patient in patients:
        mine = stored[conversation_of(patient.token) or ""]
        for record in patient.records:
            rows = [turn for turn in mine.turns if turn[0] == record.id]
            answered = [turn for turn in rows if turn[2] == "answered"]
            parts = [part for part in mine.parts if part[1] == record.id]
            fixed = any(reply["kind"] in FIXED_KINDS for reply in record.replies)
            if record.is_acknowledged and not fixed and (len(answered) != 1 or len(parts) != 1):  # I1, I7
                lost += not answered or not parts
                problems.append(f"I1: acknowledged, but {len(answered)} turns and {len(parts)} parts: {record}")
            if answered and record.replies and not fixed and record.replies[0]["id"] not in answered[0][3]:
                problems.append(f"I1: another answer is stored than was given: {record}")
            if len(rows) > 1 or len(parts) > 1:
                doubled += 1
                problems.append(f"I1: stored twice: {record}")
            if record.silences:  # I2
                silent += record.silences
                problems.append(f"I2: an answer without words: {record}")
            if record.slowest > slow * PATIENCE:
                problems.append(f"I2: {record.slowest:.1f} s for an answer: {record}")
            if record.text in log:  # I6, as far as logs go
                problems.append("I6: the log has what a patient typed")
        acknowledged = [record.id for record in patient.records if record.is_acknowledged]
        order = [turn[0] for turn in mine.turns if turn[0] in set(acknowledged)]
        if order != [record for record in acknowledged if record in set(order)]:
            problems.append(f"I3: stored in another order than sent: {patient.marker}")
        if [part[0] for part in mine.parts] != list(range(len(mine.parts))):
            problems.append(f"I3: positions are not 0, 1, 2 …: {[part[0] for part in mine.parts]}")
        for other in patients:  # I4
            words = "".join(str(turn) for turn in mine.turns) + "".join(part[2] for part in mine.parts)
            if other is not patient and other.marker in words:
                problems.append("I4: a conversation has words of another")
    turns = sum(record.is_acknowledged for patient in patients for record in patient.records)
    FIGURES.count(fault, turns, lost, doubled, silent, recovery)
    assert not problems, "\n".join(problems[:10])


def recover(server: FaultServer) -> float:
    """Return the seconds until a new patient gets a normal answer; fails after the time that is granted (I5)."""
    begun = time.monotonic()
    while True:
        try:
            canary = Patient(server).begin()
            record = canary.ask("what is a leaky mitral valve")
            if record.is_acknowledged and record.replies[0]["kind"] == "answer":
                return time.monotonic() - begun
        except AssertionError:
            pass
        assert time.monotonic() - begun < RECOVERY_SECONDS * PATIENCE, "I5: no normal answer after the fault"
        time.sleep(0.2)
