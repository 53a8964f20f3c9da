"""JSON lines: ids and times, the project's own words, and of libraries only where they spoke."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valve_clinic.operations import logs


def record(name: str, message: str, *arguments: object, error: Exception | None = None) -> logging.LogRecord:
    information = (type(error), error, None) if error else None
    return logging.LogRecord(name, logging.ERROR, __file__, 7, message, arguments, information)


def line(made: logging.LogRecord) -> dict[str, object]:
    text = logs.JsonFormatter().format(made)
    assert "\n" not in text
    found: dict[str, object] = json.loads(text)
    return found


@pytest.fixture
def json_logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LOG_FORMAT", "json")
    root = logging.getLogger()
    before = root.handlers[:]
    kept = {
        name: (logger.handlers[:], logger.propagate, logger.level)
        for name, logger in logging.root.manager.loggerDict.items()
        if isinstance(logger, logging.Logger)
    }
    yield
    root.handlers[:] = before
    for name, (handlers, propagate, level) in kept.items():
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate = handlers, propagate
        logger.setLevel(level)


def test_the_projects_own_words_are_kept() -> None:
    found = line(record("valve_clinic.channel.website", "a turn failed: %s", "KeyError"))
    assert found["event"] == "a turn failed: KeyError"
    assert found["level"] == "error"
    assert str(found["time"]).endswith("Z")


@given(st.text(min_size=8), st.sampled_from(["rasa.core.processor", "sanic.root", "asyncio", "valve_clinics"]))
def test_what_a_library_says_is_not_kept(words: str, name: str) -> None:
    plain = logs.JsonFormatter().format(record(name, words, error=ValueError(words)))
    other = logs.JsonFormatter().format(record(name, "%s", words, error=ValueError(words)))
    for text in (plain, other):
        found = json.loads(text)
        assert found.pop("time")
        assert found == {
            "level": "error",
            "event": "library",
            "logger": name,
            "place": "test_logs:7",
            "error": "ValueError",
        }


def test_a_turn_is_one_line(json_logs: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    logs.turn(conversation=logs.conversation_hash("secret id"), turn=None, duration=0.5, status=200)
    found = json.loads(capsys.readouterr().err)
    assert found["event"] == "turn"
    assert found["duration"] == 0.5
    assert "turn" not in found
    assert len(found["conversation"]) == 16
    assert "secret" not in str(found)


def test_plain_logs_have_no_turns(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("LOG_FORMAT", raising=False)
    logs.configure()
    logs.turn(status=200)
    logs.step("starting")
    logs.step("open", mark="")
    assert capsys.readouterr() == ("... starting\nopen\n", "")


def test_the_start_is_told_in_objects_too(json_logs: None, capsys: pytest.CaptureFixture[str]) -> None:
    logs.step("open http://localhost:5005/", mark="")
    assert json.loads(capsys.readouterr().out)["event"] == "open http://localhost:5005/"


def test_loggers_that_rasa_gave_handlers_write_objects(json_logs: None, capsys: pytest.CaptureFixture[str]) -> None:
    noisy = logging.getLogger("rasa.noisy")
    noisy.addHandler(logging.StreamHandler(sys.stderr))
    noisy.propagate = False
    logs.configure()
    noisy.error("my zebrafish is ill")
    written = capsys.readouterr().err
    assert json.loads(written)["logger"] == "rasa.noisy"
    assert "zebrafish" not in written
