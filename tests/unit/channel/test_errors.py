"""Every error is a sentence for the patient with the clinic's number and 911, and a code for programs."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from support import assert_notice

from valve_clinic import paths
from valve_clinic.channel import errors
from valve_clinic.channel.errors import ApiError, error_response, notice
from valve_clinic.content import loader
from valve_clinic.content.problems import ContentError

ERRORS = [
    (ApiError.bad_request("no"), 400),
    (ApiError.unknown_button(), 400),
    (ApiError.unauthorized(), 401),
    (ApiError(404, "not_found", "There is nothing here."), 404),
    (ApiError.too_large(), 413),
    (ApiError.too_many(7), 429),
    (ApiError.unavailable(), 503),
]


@pytest.mark.parametrize(("error", "status"), ERRORS)
def test_an_error_is_its_status_a_code_and_one_notice(error: ApiError, status: int) -> None:
    response = error_response(error)
    body = json.loads(response.body or b"")
    assert response.status == status
    assert response.content_type == "application/json"
    assert set(body) == {"error", "replies"}
    assert body["error"] == {"code": error.code, "message": error.message}
    (reply,) = body["replies"]
    assert_notice(reply)


def test_too_fast_says_when_to_try_again() -> None:
    response = error_response(ApiError.too_many(7))
    assert response.headers["Retry-After"] == "7"


def test_the_notice_speaks_to_a_patient_not_to_a_programmer() -> None:
    text = notice(ApiError.unavailable().notice)["text"]
    assert text.startswith("I am sorry, I cannot answer right now.\n\n")
    for word in ("error", "503", "JSON", "session"):
        assert word not in text


def test_two_notices_have_different_ids() -> None:
    assert notice("Sorry.")["id"] != notice("Sorry.")["id"]


@pytest.fixture
def clinic_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the clinic's data that a test may change."""
    copy = tmp_path / "clinic.yml"
    copy.write_text(paths.CLINIC_FILE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(paths, "CLINIC_FILE", copy)
    monkeypatch.setattr(errors, "_clinic_file", errors._ClinicFile())
    return copy


def change(file: Path, old: str, new: str) -> None:
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    os.utime(file, ns=(time.time_ns(), file.stat().st_mtime_ns + 1_000_000))


def test_a_new_number_of_the_clinic_is_in_the_next_notice(clinic_file: Path) -> None:
    assert "501.552.3400" in notice("Sorry.")["text"]
    change(clinic_file, "501.552.3400", "501.555.0199")
    changed = notice("Sorry.")
    assert "501.555.0199" in changed["text"]
    assert changed["links"][0]["url"] == "tel:+15015550199"


def test_a_model_that_was_trained_with_another_number_does_not_speak_it(clinic_file: Path) -> None:
    said = "I am sorry. Call 501.552.3400. In an emergency, call 911."
    responses = {errors.APOLOGY: [{"text": said, "custom": {"kind": "notice"}}]}
    agent = SimpleNamespace(domain=SimpleNamespace(responses=responses))

    def text() -> str:
        return str(json.loads(error_response(ApiError.unavailable(), agent).body or b"")["replies"][0]["text"])

    assert text() == said
    change(clinic_file, "501.552.3400", "501.555.0199")
    assert "501.555.0199" in text()
    assert "501.552.3400" not in text()


def test_the_file_is_read_when_it_changed_and_not_for_each_notice(
    clinic_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []
    monkeypatch.setattr(errors, "load_clinic", lambda path: read.append(path) or loader.load_clinic(path))
    for _ in range(5):
        notice("Sorry.")
    assert read == [clinic_file]


def test_a_clinic_file_that_breaks_while_the_server_runs_breaks_no_notice(
    clinic_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notice("Sorry.")
    change(clinic_file, "phone:", "phone")
    for _ in range(2):
        assert "501.552.3400" in notice("I am sorry.")["text"]
    assert caplog.text.count("clinic.yml cannot be read") == 1
    clinic_file.unlink()
    assert "501.552.3400" in notice("I am sorry.")["text"]


def test_a_server_without_the_clinics_data_does_not_start(clinic_file: Path) -> None:
    change(clinic_file, "phone:", "phone")
    with pytest.raises(ContentError):
        errors.notice_clinic()
