"""Every error is a sentence for the patient with the clinic's number and 911, and a code for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import assert_notice

from valve_clinic.channel import errors
from valve_clinic.channel.errors import ApiError, error_response, notice
from valve_clinic.content import loader
from valve_clinic.content.problems import ContentError, Problem

ERRORS = [
    (ApiError.bad_request("no"), 400),
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


def test_a_clinic_file_that_breaks_while_the_server_runs_breaks_no_notice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    errors.notice_clinic()

    def broken(*_: Any) -> Any:
        raise ContentError([Problem(Path("content/clinic.yml"), 1, "half saved")])

    monkeypatch.setattr(errors, "load_clinic", broken)
    monkeypatch.setattr(loader, "load_clinic", broken)
    assert_notice(notice("I am sorry."))
