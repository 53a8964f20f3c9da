"""Only the model that was trained here is loaded: not a part of it, not another, not one of another Rasa."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from valve_clinic.operations import manifest


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "valve-clinic-0123456789ab.tar.gz"
    path.write_bytes(bytes(range(256)) * 5000)
    manifest.write(path)
    return path


def said(model: Path) -> str:
    found = manifest.check(model)
    assert len(found) == 1
    assert "\n" not in str(found[0])
    return str(found[0])


def test_the_model_that_was_trained_is_right(model: Path) -> None:
    assert manifest.check(model) == []


def test_sha256sum_can_read_the_file(model: Path) -> None:
    command = ["sha256sum", "--check", "--strict", manifest.manifest_path(model).name]
    subprocess.run(command, cwd=model.parent, check=True, capture_output=True)


def test_a_truncated_a_random_and_a_changed_model_are_found(model: Path) -> None:
    whole = model.read_bytes()
    for changed in (whole[:-1], whole[: len(whole) // 2], b"", b"\x00" * len(whole), whole[:-1] + b"\x00"):
        model.write_bytes(changed)
        assert "its hash differs; train it again" in said(model)
    model.write_bytes(whole)
    assert manifest.check(model) == []


def test_a_missing_model_is_found_and_others_are_counted(model: Path) -> None:
    model.rename(model.with_name("other.tar.gz"))
    assert "no model of the present data (the 1 in" in said(model)
    assert "run: valve-clinic train" in said(model)


def test_a_model_of_unknown_hash_is_found(model: Path) -> None:
    manifest.manifest_path(model).unlink()
    assert "hash of the model" in said(model)
    assert "valve-clinic model --trust" in said(model)


@pytest.mark.parametrize("text", ["", "# rasa=3.6.21\n", "abc  valve-clinic-0123456789ab.tar.gz\n", "0" * 64 + "  b\n"])
def test_a_list_without_the_models_hash_is_found(model: Path, text: str) -> None:
    manifest.manifest_path(model).write_text(text)
    assert "has no hash of" in said(model)


def test_a_list_that_is_no_text_is_found(model: Path) -> None:
    manifest.manifest_path(model).write_bytes(b"\xff\xfe")
    assert "cannot be read" in said(model)


@pytest.mark.parametrize("old", ["rasa=3.6.20", "rasa=2.8.0"])
def test_a_model_of_another_rasa_is_found(model: Path, old: str) -> None:
    path = manifest.manifest_path(model)
    path.write_text(path.read_text().replace("rasa=3.6.21", old))
    assert f"was made with rasa {old.partition('=')[2]}, not 3.6.21" in said(model)
