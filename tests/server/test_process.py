"""The server process: what it prints, how it ends, and what it says when it cannot start."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import Server, running_server

from valve_clinic import paths

pytestmark = pytest.mark.server
COMMAND = [str(paths.ROOT / ".venv" / "bin" / "valve-clinic"), "serve"]


def run_until_it_refuses(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        COMMAND, capture_output=True, text=True, timeout=60, env={**os.environ, **environment}, check=False
    )


@pytest.fixture(scope="module")
def own(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that the last test of this file ends."""
    with running_server(tmp_path_factory.mktemp("own")) as running:
        yield running


def test_it_says_once_where_it_is_open_and_nothing_of_its_libraries(own: Server) -> None:
    lines = own.log.read_text().splitlines()
    assert lines[-1] == f"open http://localhost:{own.port}/"
    assert all(line.startswith("... ") for line in lines[:-1]), lines


def test_a_taken_port_is_named_in_one_sentence(server: Server) -> None:
    refused = run_until_it_refuses(PORT=str(server.port))
    assert refused.returncode == 1
    assert refused.stderr.strip().count("\n") == 0
    assert f"port {server.port} is taken" in refused.stderr


@pytest.mark.parametrize("port", ["abc", "0", "70000", "-1"])
def test_a_port_that_is_none_is_named(port: str) -> None:
    refused = run_until_it_refuses(PORT=port)
    assert refused.returncode == 1
    assert "PORT must be" in refused.stderr


def test_a_broken_answer_stops_the_start_with_file_and_line(tmp_path: Path) -> None:
    shutil.copytree(paths.CONTENT, tmp_path / "content")
    topic = tmp_path / "content" / "ask_causes.yml"
    topic.write_text(topic.read_text(encoding="utf-8").replace("status: published", "status: maybe"), encoding="utf-8")
    refused = run_until_it_refuses(VALVE_CLINIC_HOME=str(tmp_path), PORT="5999")
    assert refused.returncode == 1
    assert "content/ask_causes.yml:4: status:" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_secret_that_others_can_read_stops_the_start(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x" * 64)
    secret.chmod(0o644)
    refused = run_until_it_refuses(
        PORT="5998", WEBSITE_SECRET_FILE=str(secret), CONTENT_DATABASE_URL=f"sqlite:///{tmp_path}/content.db"
    )
    assert refused.returncode == 1
    assert f"chmod 600 {secret}" in refused.stderr


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("WEBSITE_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none", "the database of the conversations cannot be"),
        ("LOCK_URL", "nonsense://x", "LOCK_URL must begin with redis:// or postgresql://"),
    ],
)
def test_without_the_place_of_the_conversations_it_does_not_start(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text("a key of the tests, with letters enough")
    own = {
        "PORT": "5997",
        "WEBSITE_SECRET_FILE": str(secret),
        "CONTENT_DATABASE_URL": f"sqlite:///{tmp_path}/content.db",
        "WEBSITE_DATABASE_URL": f"sqlite:///{tmp_path}/website.db",
    }
    refused = run_until_it_refuses(**{**own, name: value})
    assert refused.returncode == 1
    assert refused.stderr.strip().count("\n") == 0
    assert said in refused.stderr


def test_sigint_to_the_group_ends_everything_in_order(own: Server) -> None:
    os.killpg(own.process.pid, signal.SIGINT)
    assert own.process.wait(timeout=20) == 0
    lines = own.log.read_text().splitlines()
    assert lines[-1] == f"open http://localhost:{own.port}/", "it says nothing more when it is ended"
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.killpg(own.process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("something of the process group is still there")
