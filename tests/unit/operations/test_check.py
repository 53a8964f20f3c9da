"""`valve-clinic check`: all that is wrong, a line each, and at once."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from valve_clinic import cli, paths, training
from valve_clinic.content.store import ContentStore
from valve_clinic.database import make_engine
from valve_clinic.operations import check, manifest
from valve_clinic.operations.finding import Finding


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quick_reading: None) -> Path:
    """A private place with a key, a model and a free port."""
    tmp_path.chmod(0o700)
    (tmp_path / "secret").touch(mode=0o600)
    (tmp_path / "secret").write_text(secrets.token_urlsafe(48))
    model = tmp_path / "model.tar.gz"
    model.write_bytes(b"model")
    manifest.write(model)
    monkeypatch.setattr(training, "model_path", lambda: model)
    monkeypatch.setattr(paths, "VAR", tmp_path)
    monkeypatch.setenv("WEBSITE_SECRET_FILE", str(tmp_path / "secret"))
    for name in ("content", "website"):
        monkeypatch.setenv(f"{name.upper()}_DATABASE_URL", f"sqlite:///{tmp_path}/{name}.db")
    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "false")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    monkeypatch.setenv("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PORT", str(probe.getsockname()[1]))
    return tmp_path


def test_where_all_is_right_one_line_says_so() -> None:
    result = CliRunner().invoke(cli.main, ["check"])
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{len(check.checks())} checks: nothing wrong\n"


def test_everything_that_is_wrong_is_said_at_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "secret").chmod(0o644)
    (place / "model.tar.gz").write_bytes(b"mode")
    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "true")
    monkeypatch.setenv("WEBSITE_TURN_SECOND", "3")
    result = CliRunner().invoke(cli.main, ["check"])
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 4
    for word in ("WEBSITE_TURN_SECONDS?", "RASA_TELEMETRY_ENABLED=false", "chmod 600", "valve-clinic train --force"):
        assert word in result.stderr


@pytest.mark.parametrize("setting", ["PORT", "METRICS_PORT"])
def test_a_taken_port_is_found(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        monkeypatch.setenv(setting, str(port))
        assert f"port {port} is taken by another program; stop it or choose another: {setting}=" in str(check.run()[0])


def test_an_address_that_is_none_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "203.0.113.7")
    assert "cannot listen on 203.0.113.7" in str(check.run()[0])


def test_a_missing_model_is_no_fault_where_one_will_be_trained(place: Path) -> None:
    (place / "model.tar.gz").unlink()
    assert "run: valve-clinic train" in str(check.run()[0])
    assert check.run(starting=True) == []


def test_content_that_does_not_load_is_found_with_its_line(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    broken = place / "content"
    shutil.copytree(paths.CONTENT, broken)
    topic = broken / "ask_causes.yml"
    topic.write_text(topic.read_text(encoding="utf-8").replace("status: published", "status: maybe"), encoding="utf-8")
    from valve_clinic.content import loader

    load = loader.load_files
    monkeypatch.setattr(loader, "load_files", lambda: load(broken))
    assert "content/ask_causes.yml:4: status:" in str(check.run()[0])


def test_content_that_is_served_already_is_not_read_again(
    place: Path, real_content: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from valve_clinic.content import loader

    store = ContentStore(make_engine(f"sqlite:///{place}/content.db"))
    store.publish(real_content)  # type: ignore[arg-type]
    store.close()
    monkeypatch.setattr(loader, "load_files", lambda: pytest.fail("it was read"))
    assert check.run() == []


def test_tables_of_a_newer_release_are_found(place: Path) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(place / "website.db")) as database:
        database.execute("CREATE TABLE schema_version (name TEXT, version INTEGER)")
        database.execute("INSERT INTO schema_version VALUES ('website', 99)")
        database.commit()
    (place / "website.db").chmod(0o600)
    assert "newer release (version 99" in str(check.run()[0])


def test_a_finding_is_one_line() -> None:
    assert str(Finding("a\nb", "c\n d")) == "a b; c d"


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, resource\nfrom valve_clinic.cli import main\nfrom valve_clinic.operations import check\n"
        "check.run()\nused = resource.getrusage(resource.RUSAGE_SELF)\n"
        "heavy = {'rasa', 'tensorflow', 'sanic', 'sqlalchemy', 'spacy', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=paths.ROOT)
