"""The log carries ids and types: a canary that is put in everywhere comes out nowhere."""

from __future__ import annotations

import io
import logging

import pytest
import structlog

from valve_clinic.privacy import logs

CANARY = "zanzibar-412-55-0198"


@pytest.fixture
def output():
    """Logging as the server sets it up, written to a buffer, and afterwards as it was."""
    before, settings = logging.getLogRecordFactory(), structlog.get_config()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s %(exc_text)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    logs.keep_text_out()
    logs.keep_text_out()
    yield stream
    root.removeHandler(handler)
    logging.setLogRecordFactory(before)
    structlog.configure(**settings)


def fail():
    patient = CANARY
    raise ValueError(f"cannot read {patient}")


@pytest.mark.parametrize("name", ["rasa.core.processor", "sanic.error", "asyncio", "sqlalchemy.engine", "rasa_sdk"])
def test_the_libraries_words_stay_out(output, name):
    logger = logging.getLogger(name)
    logger.error(f"failed with {CANARY}")
    logger.error("failed with %s", CANARY)
    try:
        fail()
    except ValueError:
        logger.exception("an action failed: %s", CANARY)
        logger.error("%(a)s", {"a": CANARY}, exc_info=True, stack_info=True)
    text = output.getvalue()
    assert "zanzibar" not in text
    assert "failed with %s" in text, "the constant part helps to find the fault"
    assert "ValueError at test_logs.py" in text


def test_structured_events_keep_their_key_and_ids(output):
    try:
        fail()
    except ValueError:
        structlog.get_logger("rasa.core.actions.action").error(
            "action.run.failed",
            exc_info=True,
            sender_id="a1b2",
            event_info=CANARY,
            text=CANARY,
            action_name=f"x {CANARY}",
        )
    structlog.get_logger("rasa").error(f"could not {CANARY}")
    text = output.getvalue()
    assert "zanzibar" not in text
    assert "action.run.failed sender_id=a1b2 [ValueError at test_logs.py" in text


def test_the_projects_own_lines_are_whole_but_for_an_errors_words(output):
    try:
        fail()
    except ValueError:
        logging.getLogger("valve_clinic.channel").error("a turn failed: %s", "ValueError", exc_info=True)
    text = output.getvalue()
    assert "a turn failed: ValueError [ValueError at" in text
    assert "zanzibar" not in text
