"""The server process: what it prints, how it ends, and what it says when it cannot start."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support import Server, start_server

from valve_clinic import paths

pytestmark = pytest.mark.server
COMMAND = [str(paths.ROOT / ".venv" / "bin" / "valve-clinic"), "serve"]


def run_until_it_refuses(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        COMMAND, capture_output=True, text=True, timeout=60, env={**os.environ, **environment}, check=False
    )


def test_it_says_where_it_is_open_and_nothing_of_its_libraries(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    try:
        lines = server.log.read_text().splitlines()
        assert lines[-1] == f"open http://localhost:{server.port}/"
        assert all(line.startswith("... ") for line in lines[:-1]), lines
    finally:
        server.stop()


def test_sigint_to_the_group_ends_everything_in_order(tmp_path: Path) -> None:
    server = start_server(tmp_path)
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(timeout=20) == 0
    assert "Traceback" not in server.log.read_text()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.killpg(server.process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("something of the process group is still there")


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


def test_actions_run_in_a_server_of_their_own_too(tmp_path: Path) -> None:
    import httpx
    from support import Chat, free_port

    port = free_port()
    database = f"sqlite:///{tmp_path}/content.db"
    with (tmp_path / "actions.log").open("w") as log:
        actions = subprocess.Popen(
            [str(paths.ROOT / ".venv" / "bin" / "rasa"), "run", "actions", "--port", str(port)],
            cwd=paths.ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "CONTENT_DATABASE_URL": database},
        )
    server = start_server(tmp_path, ACTION_ENDPOINT_URL=f"http://localhost:{port}/webhook")
    try:
        with httpx.Client(base_url=server.api, timeout=30) as client:
            chat = Chat(client).start()
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                try:
                    if httpx.get(f"http://localhost:{port}/health").status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.2)
            (answer,) = chat.say("how long will i be in the hospital after the clip?")
            assert (answer["topic"], answer["variant"]) == ("ask_recovery_time", {"procedure": "mitraclip"})
            actions.terminate()
            actions.wait(timeout=20)
            down = chat.post({"id": "00000000-0000-4000-8000-000000000009", "text": "what is mitraclip?"})
            assert down.status_code == 503
            assert "501.552.3400" in down.json()["replies"][0]["text"]
            (emergency,) = chat.say("i cant breathe and my lips are blue")
            assert emergency["kind"] == "emergency"
    finally:
        server.stop()
        if actions.poll() is None:
            actions.kill()
            actions.wait()
