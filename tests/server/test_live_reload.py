"""A running server serves what another process loads: at once, without a restart, and never half of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import BIN, Server, running_server, visiting

from valve_clinic import paths

pytestmark = pytest.mark.server
#: Seconds after the load within which a question gets the new text.
WITHIN = 5.0
QUESTION = "why does a mitral valve leak?"
#: Two places of one answer, and its title: all of them are of the same load.
MARKS = (
    ("Our page does not list causes.", "Our page names no causes."),
    ("The NIH says prolapse tends to.", "Prolapse tends to, the NIH says."),
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A checkout whose content is its own, and whose other folders are the project's."""
    folder = tmp_path / "home"
    folder.mkdir()
    shutil.copytree(paths.CONTENT, folder / "content")
    for name in ("data", "config.yml", "domain.yml", "endpoints.yml", "credentials.yml", "widget"):
        (folder / name).symlink_to(paths.ROOT / name)
    return folder


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    folder = tmp_path / "server"
    folder.mkdir()
    with running_server(folder) as server:
        yield server


class Asking(threading.Thread):
    """Asks the same question again and again, each time as a new visitor; keeps when each answer came."""

    def __init__(self, server: Server) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.answers: list[tuple[float, float, str]] = []
        self.ending = threading.Event()

    def run(self) -> None:
        while not self.ending.is_set():
            with visiting(self.server) as chat:
                asked = time.monotonic()
                # Another topic may be offered below the answer.
                (reply,) = [reply for reply in chat.say(QUESTION) if reply["kind"] != "clarify"]
            self.answers.append((asked, time.monotonic(), reply["text"]))


def loaded(home: Path, server: Server) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "VALVE_CLINIC_HOME": str(home),
        "CONTENT_DATABASE_URL": f"sqlite:///{server.folder}/content.db",
    }
    command = [str(BIN / "valve-clinic"), "content", "load"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def which(text: str) -> str:
    """Say of which load the text is; a text of two loads is neither."""
    found = {("old" if old in text else "") + ("new" if new in text else "") for old, new in MARKS}
    assert len(found) == 1, f"an answer of two loads: {text}"
    return found.pop()


def test_what_another_process_loads_is_served_within_seconds_and_never_in_part(own_server: Server, home: Path) -> None:
    file = home / "content" / "ask_causes.yml"
    text = file.read_text(encoding="utf-8")
    for old, new in MARKS:
        assert old in text
        text = text.replace(old, new)
    pid = own_server.process.pid
    asking = Asking(own_server)
    asking.start()
    try:
        file.write_text(text, encoding="utf-8")
        done = loaded(home, own_server)
        ended = time.monotonic()
        assert done.returncode == 0, done.stderr
        assert "new: ask_causes" in done.stdout
        while not any(asked > ended + WITHIN for asked, _, _ in asking.answers):
            assert asking.is_alive(), "a question was not answered"
            time.sleep(0.2)
    finally:
        asking.ending.set()
        asking.join(timeout=60)
    states = [which(text) for _, _, text in asking.answers]
    assert states[0] == "old"
    assert states == sorted(states, reverse=True), "an old text came after a new one"
    late = [which(text) for asked, _, text in asking.answers if asked > ended]
    assert late
    assert set(late) == {"new"}, f"{late.count('old')} questions after the load got the old text"
    assert own_server.process.poll() is None
    assert own_server.process.pid == pid
