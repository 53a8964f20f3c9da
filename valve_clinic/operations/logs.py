"""The log: plain lines, or with LOG_FORMAT=json one object a line. Ids and times, never what somebody said."""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
import sys
from typing import Any

import click

from valve_clinic import settings

#: What this project itself writes; only such lines keep their words.
_OWN = ("valve_clinic", "actions")
_TURNS = logging.getLogger("valve_clinic.turns")
#: Hexadecimal digits of a conversation's hash: enough to find it, not the key to it.
_ID_DIGITS = 16


def is_json() -> bool:
    """Return whether LOG_FORMAT asks for objects."""
    return settings.get("LOG_FORMAT") == "json"


def conversation_hash(conversation: str) -> str:
    """Return the first digits of the SHA-256 of a conversation's id: the id itself opens the conversation."""
    return hashlib.sha256(conversation.encode()).hexdigest()[:_ID_DIGITS]


def configure() -> None:
    """Write all log lines as LOG_FORMAT says; call it after Rasa has set up its own logging."""
    if not is_json():
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.getLogger().handlers[:] = [handler]
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    _TURNS.setLevel(logging.INFO)


def turn(**fields: Any) -> None:
    """Write the line of a turn; fields that are None are left out. Plain logs have no such lines."""
    if is_json():
        _TURNS.info("turn", extra={"fields": {key: value for key, value in fields.items() if value is not None}})


def step(text: str, mark: str = "... ") -> None:
    """Say on standard output how far the start is."""
    click.echo(json.dumps(_head("info", text)) if is_json() else f"{mark}{text}")
    sys.stdout.flush()


class JsonFormatter(logging.Formatter):
    """Makes one JSON object of a record.

    What libraries say may quote a patient: of their lines only the place and the type of the error are kept.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the object as one line."""
        own = record.name.split(".")[0] in _OWN
        line = _head(record.levelname.lower(), record.getMessage() if own else "library", record.created)
        line["logger"] = record.name
        line.update(getattr(record, "fields", {}))
        if not own:
            line["place"] = f"{record.module}:{record.lineno}"
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, default=lambda value: type(value).__name__)


def _head(level: str, event: str, created: float | None = None) -> dict[str, Any]:
    zone = datetime.timezone.utc
    moment = datetime.datetime.now(zone) if created is None else datetime.datetime.fromtimestamp(created, zone)
    time = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"time": time, "level": level, "event": event}
