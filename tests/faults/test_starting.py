"""What must not be served is not: damaged models and wrong settings end the start with one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from support import BIN, free_port, make_secret, server_environment

from faults.figures import FIGURES
from faults.processes import PATIENCE, Zygote, request
from valve_clinic import paths, training
from valve_clinic.operations import manifest

#: Seconds until a start is refused; the libraries of the server are not even imported.
REFUSED_SECONDS = 20.0


@pytest.fixture
def home(tmp_path: Path, zygote: Zygote) -> Path:
    """A checkout of its own, with the model of the present data."""
    home = tmp_path / "home"
    (home / "models").mkdir(parents=True)
    (home / "var").mkdir(mode=0o700)
    for name in ("content", "data", "valve_clinic", "domain.yml", "config.yml"):
        (home / name).symlink_to(paths.ROOT / name)
    for name in ("endpoints.yml", "credentials.yml"):
        shutil.copy(paths.ROOT / name, home / name)
    model = training.model_path()
    assert training.model_path(home).name == model.name
    shutil.copy(manifest.manifest_path(model), home / "models")
    # A link: whoever damages it first puts a copy in its place.
    (home / "models" / model.name).symlink_to(model)
    shutil.copy(zygote.content, tmp_path / "content.db")
    return home


def model_of(home: Path) -> Path:
    return home / "models" / training.model_path().name


def replace(model: Path, data: bytes) -> None:
    model.unlink()
    model.write_bytes(data)


def run(home: Path, command: str = "serve", seconds: float = REFUSED_SECONDS, **settings: str) -> str:
    """Run a command that must refuse; returns its one line."""
    folder, port = home.parent, free_port()
    make_secret(folder / "secret")
    environment = server_environment(folder, port, VALVE_CLINIC_HOME=str(home), PYTHONWARNINGS="ignore", **settings)
    done = subprocess.run(
        [str(BIN / "valve-clinic"), command],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds * PATIENCE,
        env=environment,
    )
    FIGURES.faults += 1
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    with pytest.raises(httpx.ConnectError):
        request("GET", f"http://127.0.0.1:{port}/webhooks/website/ready", timeout=2)
    (line,) = done.stderr.strip().splitlines()
    return line


def cut_short(model: Path) -> None:
    with model.open("rb") as file:
        replace(model, file.read(1 << 20))


def random_bytes(model: Path) -> None:
    replace(model, os.urandom(1 << 20))


def old_version(model: Path) -> None:
    known = manifest.manifest_path(model)
    known.write_text(known.read_text().replace("rasa=", "rasa=3.5.0-not-"))


def without_a_hash(model: Path) -> None:
    manifest.manifest_path(model).unlink()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (cut_short, "its hash differs"),
        (random_bytes, "its hash differs"),
        (old_version, "was made with rasa"),
        (without_a_hash, "is unknown"),
    ],
)
def test_b14_a_model_that_is_not_the_one_that_was_trained_is_not_loaded(
    home: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(model_of(home))
    assert said in run(home)


def test_b14_a_missing_model_is_said_before_anything_is_started(home: Path) -> None:
    """`serve` trains one; who must not wait for that asks `check` first."""
    model_of(home).unlink()
    assert "there is no model of the present data" in run(home, "check")


def test_b14_a_model_that_cannot_be_loaded_ends_the_start_although_its_hash_is_right(home: Path) -> None:
    model = model_of(home)
    random_bytes(model)
    manifest.write(model)
    assert "the model cannot be loaded; train it again" in run(home, seconds=60)


def misspelt_store(home: Path) -> None:
    endpoints = home / "endpoints.yml"
    endpoints.write_text(endpoints.read_text().replace("ConversationStore", "ConversationStor"))


def readable_database(home: Path) -> None:
    database = home.parent / "website.db"
    database.touch()
    database.chmod(0o644)


def password_in_a_file(home: Path) -> None:
    with (home / "endpoints.yml").open("a") as endpoints:
        endpoints.write("\nevent_broker:\n  password: open-sesame\n")


def nothing(_home: Path) -> None:
    """The setting alone is wrong."""


@pytest.mark.parametrize(
    ("change", "settings", "said"),
    [
        (misspelt_store, {}, "ConversationStor"),
        (nothing, {"WEBSITE_SECRET_FILE": "/nowhere/secret"}, "WEBSITE_SECRET_FILE) is missing"),
        (readable_database, {}, "can be read by everybody"),
        (nothing, {"RASA_TELEMETRY_ENABLED": "true"}, "RASA_TELEMETRY_ENABLED"),
        (nothing, {"WEBSITE_SECRT": "x" * 40}, "did you mean WEBSITE_SECRET?"),
        (password_in_a_file, {}, "password"),
    ],
)
def test_b19_a_wrong_setting_ends_the_start_with_its_reason(
    home: Path, change: Callable[[Path], None], settings: dict[str, str], said: str
) -> None:
    change(home)
    line = run(home, **settings)
    assert said in line
    assert "open-sesame" not in line
