"""Counts what a turn costs: exact numbers that no slow machine changes. More than before is a regression."""

from __future__ import annotations

import collections
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from support import START_SECONDS, Chat, free_port, make_secret, server_environment

from valve_clinic import paths

pytestmark = pytest.mark.server
LONG = "how long will my father have to stay in the hospital after the mitraclip"
#: Statements of a turn by database. Every few turns the window of the conversation moves, which takes one more.
STATEMENTS = {"conversations": 7, "content": 1}
#: Calls of the encoder for a message that is read alone, and for one that is read in its context as well.
ALONE = {"encoder read": 1, "encoder judge": 1}
IN_CONTEXT = {"encoder read": 2, "encoder judge": 2}
BYTES = 2048
#: The daily deletion may run beside one of these turns.
REPEATS = 7


@dataclass
class Counted:
    """A server that writes down what it does."""

    url: str
    file: Path
    pid: int

    def since(self, place: int) -> collections.Counter[str]:
        lines = self.file.read_bytes()[place:].decode().splitlines()
        return collections.Counter(line.partition("\t")[0] for line in lines)

    def place(self) -> int:
        return self.file.stat().st_size


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory, server: object) -> Iterator[Counted]:
    """The real server, instrumented; `server` makes sure that there is a model."""
    del server
    folder = tmp_path_factory.mktemp("counted")
    make_secret(folder / "secret")
    port, work = free_port(), folder / "work"
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.instrumented"],
            cwd=paths.ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=server_environment(folder, port, WORK_FILE=str(work)),
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS
    while "open http://" not in (folder / "server.log").read_text():
        assert process.poll() is None, (folder / "server.log").read_text()[-2000:]
        assert time.monotonic() < deadline, "not ready in time"
        time.sleep(0.2)
    yield Counted(url, work, process.pid)
    process.terminate()
    process.wait(30)


@pytest.fixture
def patient(counted: Counted) -> Iterator[Chat]:
    with httpx.Client(base_url=f"{counted.url}/webhooks/website/", timeout=30) as client:
        yield Chat(client).start()


def work_of(counted: Counted, patient: Chat, text: str) -> tuple[collections.Counter[str], int]:
    """Return what a turn did, and the bytes that were sent for it."""
    place = counted.place()
    response = patient.send(text)
    assert response.status_code == 200, response.text
    return counted.since(place), len(response.content)


def usual(works: list[collections.Counter[str]], name: str) -> int:
    """Return what most turns did: something else may have run beside one of them."""
    return statistics.mode(work[name] for work in works)


def test_a_turn_has_two_synced_transactions_and_no_more_statements_than_it_had(counted: Counted, patient: Chat) -> None:
    patient.say(LONG)
    turns = [work_of(counted, patient, LONG) for _ in range(REPEATS)]
    works = [work for work, _ in turns]
    assert usual(works, "synced") == 2, "the message before, the rest after"
    assert {name: usual(works, f"statement {name}") for name in STATEMENTS} == STATEMENTS
    assert max(size for _, size in turns) < BYTES


@pytest.mark.parametrize(
    ("before", "text", "calls"),
    [
        ([], "how many nights does somebody spend in the hospital after the clip", ALONE),
        ([], "how many nights?", ALONE),
        (["does the clip hurt"], "who at the clinic tells my daughter when she can visit after the clip", ALONE),
        (["what is done on the day before surgery"], "and with the clip?", IN_CONTEXT),
    ],
    ids=["first, long", "first, short", "later, long", "later, short: alone for danger, and in its context"],
)
def test_a_message_is_read_once_unless_its_context_changes_its_meaning(
    counted: Counted, patient: Chat, before: list[str], text: str, calls: dict[str, int]
) -> None:
    for words in before:
        patient.say(words)
    work, _ = work_of(counted, patient, text)
    assert {name: work[name] for name in calls} == calls


def test_turn_200_does_what_turn_10_did(counted: Counted, patient: Chat) -> None:
    works = [work_of(counted, patient, LONG)[0] for _ in range(200)]
    early, late = works[5:25], works[180:]
    for name in ("synced", "statement conversations", "statement content", *ALONE):
        assert usual(late, name) == usual(early, name), name


def test_no_tensorflow_is_in_the_servers_memory(counted: Counted) -> None:
    assert "onnxruntime" in Path(f"/proc/{counted.pid}/maps").read_text()
    assert "tensorflow" not in Path(f"/proc/{counted.pid}/maps").read_text()
