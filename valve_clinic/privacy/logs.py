"""Keeps patients' words out of the log: it carries names of events, ids, places in the code and types of errors."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

#: Loggers whose messages are the project's own: they name types and ids only.
_OWN = ("valve_clinic", "actions", "tests")
#: Fields of Rasa's structured events that hold no words of a patient.
SAFE_FIELDS = frozenset(
    {"event", "level", "sender_id", "conversation_id", "action", "action_name", "policy", "error_type"}
)
_FRAMES = 6
_Factory = Any


class Safe(str):
    """A line that was made here and is known to hold no text of a patient."""

    __slots__ = ()


def keep_text_out() -> None:
    """Set up Python's logging and structlog so that no line, whoever writes it, holds a text; again changes nothing.

    What Rasa, Sanic and their relatives log is reduced to the place in the code, the constant part of the line and an
    error's type: an error's own words may quote what a patient typed, and Rasa logs local variables and, when an
    action fails, the whole conversation.
    """
    if not isinstance(logging.getLogRecordFactory(), _TextFree):
        logging.setLogRecordFactory(_TextFree(logging.getLogRecordFactory()))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, structlog.processors.add_log_level, _line],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLogger("rasa").getEffectiveLevel()),
        cache_logger_on_first_use=True,
    )


class _TextFree:
    """Makes log records without texts of others."""

    def __init__(self, make: _Factory) -> None:
        self._make = make

    def __call__(
        self,
        name: str,
        level: int,
        path: str,
        line: int,
        message: Any,
        arguments: Any,
        error: Any,
        function: str | None = None,
        stack: str | None = None,
        **more: Any,
    ) -> logging.LogRecord:
        """Return the record; its arguments, its traceback and a line that may hold a text are left out."""
        if not isinstance(message, Safe) and name.split(".")[0] not in _OWN:
            # With arguments the message is a constant; without, it may have been put together from a text.
            constant = str(message).partition("\n")[0] if arguments and isinstance(message, str) else "(left out)"
            message, arguments = f"{name}:{function or '?'}:{line}: {constant}", ()
        kind = error_of(error)
        if kind:
            message, arguments = f"{message % arguments if arguments else message} [{kind}]", ()
        record: logging.LogRecord = self._make(
            name, level, path, line, message, arguments, None, function, None, **more
        )
        return record


def error_of(error: Any) -> str:
    """Return an error's type and where it was raised, without its words; empty when there is none."""
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1] if len(error) > 1 else None
    if not isinstance(error, BaseException):
        return ""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}" if places else type(error).__name__


def _line(_logger: Any, _method: str, fields: MutableMapping[str, Any]) -> tuple[tuple[Safe], dict[str, Any]]:
    """Return a structured event as one line of its safe fields."""
    kind = error_of(fields.get("exc_info"))
    shown = [str(fields.get("event")) if _is_key(fields.get("event")) else "(left out)"]
    shown += [f"{key}={fields[key]}" for key in sorted(SAFE_FIELDS - {"event", "level"}) if _is_id(fields.get(key))]
    shown += [f"[{kind}]"] if kind else []
    return (Safe(" ".join(shown)),), {}


def _is_key(value: Any) -> bool:
    """Return whether an event is a key like "processor.message.parse", not a sentence."""
    return isinstance(value, str) and "." in value and value.replace(".", "").replace("_", "").isalnum()


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= 64 and value.replace("_", "").replace("-", "").isalnum()
