"""Times `insights update` and `insights report` on many conversations: `python benchmarks/insights_report.py 100000`.

The conversations are rows of the shape that the channel writes, made by this script (to talk a million times with the
bot would take days); `benchmarks/demo_conversations.py` is the one that talks. Each command runs in a process of its
own, whose wall time and greatest memory are measured. The database lies in `var/bench/` and is deleted at the end.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from typing import Any

from valve_clinic import paths
from valve_clinic.database import make_engine
from valve_clinic.insights.models import prepare

FOLDER = paths.VAR / "bench"
COMMAND = str(paths.ROOT / ".venv" / "bin" / "valve-clinic")
DAYS = 90
TOPICS = [path.stem for path in sorted(paths.CONTENT.glob("*_*.yml"))]
MATTERS = ("a van for the visit", "a hotel near by", "the wifi password", "my dog", "a translator", "the cafeteria")
#: About the length of a real answer's text.
TEXT = "A sentence of an answer, as long as those of the chat are. " * 10
_BATCH = 5000
Row = tuple[Any, ...]


def conversation(number: int, dice: random.Random, first: datetime.datetime) -> dict[str, list[Row]]:
    """Return the rows of one conversation by table."""
    session = f"{number:09}{dice.getrandbits(100):026x}"
    at = first + datetime.timedelta(seconds=dice.randrange(DAYS * 86400))
    rows: dict[str, list[Row]] = {"turn": [], "part": [], "feedback": [], "event": []}
    rows["turn"].append((session, None, None, "answered", json.dumps([_reply("notice", None, dice)]), "none", _at(at)))
    for position in range(dice.choice((0, 1, 1, 1, 2, 2, 3))):
        at += datetime.timedelta(seconds=dice.randrange(5, 120))
        kind = dice.choices(("answer", "clarify", "handoff", "emergency"), (80, 8, 11, 1))[0]
        topic = dice.choice(TOPICS) if kind == "answer" else None
        intent = topic or {"clarify": "nlu_fallback", "handoff": "request_human"}.get(kind, "report_emergency")
        reply, client = _reply(kind, topic, dice), str(uuid.UUID(int=dice.getrandbits(128), version=4))
        text = f"what about {dice.choice(MATTERS)}"
        events = [{"event": "user", "text": text, "parse_data": {"intent": {"name": intent, "confidence": 0.9}}}]
        written = at.timestamp() + dice.expovariate(10)
        rows["turn"].append((session, client, text, "answered", json.dumps([reply]), "none", _at(at)))
        rows["part"].append((session, position, client, written, json.dumps(events)))
        if dice.random() < 0.1:
            rows["feedback"].append((reply["id"], session, dice.random() < 0.8, _at(at)))
        if kind == "handoff" and dice.random() < 0.4:
            rows["event"].append((session, "phone_clicked", "tel:+15015523400", _at(at)))
    rows["session"] = [(session, rows["turn"][0][-1], _at(at))]
    return rows


_INSERTS = {
    "session": "INSERT INTO website_session (id, started_at, last_at) VALUES (?, ?, ?)",
    "turn": "INSERT INTO website_turn (session_id, client_id, text, state, replies, safety, at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)",
    "part": "INSERT INTO conversation_part (conversation, position, turn, at, events) VALUES (?, ?, ?, ?, ?)",
    "feedback": "INSERT INTO website_feedback (reply_id, session_id, helpful, at) VALUES (?, ?, ?, ?)",
    "event": "INSERT INTO website_event (session_id, event, target, at) VALUES (?, ?, ?, ?)",
}


def fill(number: int, seed: int = 1) -> None:
    """Write the conversations into a new database."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(mode=0o700, parents=True)
    prepare(make_engine(_url())).dispose()
    dice = random.Random(seed)  # noqa: S311
    today = datetime.datetime.now(datetime.timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - datetime.timedelta(days=DAYS)
    with sqlite3.connect(FOLDER / "website.db") as connection:
        connection.execute("PRAGMA synchronous=OFF")
        for batch in _batches(number, dice, first):
            for table, rows in batch.items():
                connection.executemany(_INSERTS[table], rows)
            connection.commit()
    connection.close()


def measure(*words: str) -> tuple[float, float, int, str]:
    """Run the project's command; returns seconds, those of a processor, the most memory in MiB, and its last line."""
    begun = time.perf_counter()
    environment = {**os.environ, "WEBSITE_DATABASE_URL": _url()}
    process = subprocess.Popen([COMMAND, *words], env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{words} ended with {process.returncode}"
    worked = usage.ru_utime + usage.ru_stime
    return time.perf_counter() - begun, worked, usage.ru_maxrss // 1024, said.strip().splitlines()[-1]


def main() -> None:
    """Fill, count, report, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("conversations", type=int, nargs="?", default=10_000)
    number = parser.parse_args().conversations
    begun = time.perf_counter()
    fill(number)
    size = (FOLDER / "website.db").stat().st_size / 2**20
    print(f"{number} conversations, {size:.0f} MiB, made in {time.perf_counter() - begun:.0f} s", flush=True)
    first = str(datetime.date.today() - datetime.timedelta(days=DAYS + 1))
    for words in (
        ("insights", "update"),
        ("insights", "update"),
        ("insights", "report", "--from", first, "--out", str(FOLDER / "report.html")),
    ):
        seconds, worked, memory, said = measure(*words)
        print(
            f"{' '.join(words[:2])}: {seconds:.1f} s ({worked:.1f} s of a processor), {memory} MiB: {said}", flush=True
        )
    shutil.rmtree(FOLDER)


def _batches(number: int, dice: random.Random, first: datetime.datetime) -> Iterator[dict[str, list[Row]]]:
    batch: dict[str, list[Row]] = {table: [] for table in _INSERTS}
    for place in range(number):
        for table, rows in conversation(place, dice, first).items():
            batch[table] += rows
        if place % _BATCH == _BATCH - 1 or place == number - 1:
            yield batch
            batch = {table: [] for table in _INSERTS}


def _reply(kind: str, topic: str | None, dice: random.Random) -> dict[str, Any]:
    return {
        **{"id": f"{dice.getrandbits(96):024x}", "kind": kind, "topic": topic, "variant": None, "text": TEXT},
        **{"buttons": [], "links": [], "source": None, "reference": None, "table": None},
    }


def _at(moment: datetime.datetime) -> str:
    """Return the moment as SQLAlchemy writes it into SQLite."""
    return moment.strftime("%Y-%m-%d %H:%M:%S.%f")


def _url() -> str:
    return f"sqlite:///{FOLDER}/website.db"


if __name__ == "__main__":
    sys.exit(main())
