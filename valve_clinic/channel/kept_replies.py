"""Replies as they are stored: without what they do not say, which is most of a reply's keys."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON
from sqlalchemy.types import TypeDecorator

#: What a reply says where nothing is stored, in the order in which the website gets it.
_UNSAID: dict[str, Any] = {
    "id": None,
    "kind": None,
    "topic": None,
    "variant": None,
    "text": None,
    "buttons": [],
    "links": [],
    "source": None,
    "reference": None,
    "table": None,
}
_BUTTON_UNSAID: dict[str, Any] = {"id": None, "title": None, "topic": None}


class KeptReplies(TypeDecorator[list[dict[str, Any]]]):
    """A JSON column of replies; what is read is what was given, also from rows of earlier releases."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: list[dict[str, Any]] | None, dialect: Any) -> list[dict[str, Any]] | None:
        """Return what is stored."""
        return None if value is None else [_shortened(reply) for reply in value]

    def process_result_value(self, value: Any, dialect: Any) -> list[dict[str, Any]] | None:
        """Return the replies as they were."""
        return None if value is None else [_completed(reply) for reply in value]


def _shortened(reply: dict[str, Any]) -> dict[str, Any]:
    found = _said(reply, _UNSAID)
    if "buttons" in found:
        found["buttons"] = [_said(button, _BUTTON_UNSAID) for button in found["buttons"]]
    return found


def _completed(reply: dict[str, Any]) -> dict[str, Any]:
    buttons = [{**_BUTTON_UNSAID, **button} for button in reply.get("buttons", ())]
    return {**_UNSAID, **reply, "buttons": buttons, "links": reply.get("links", [])}


def _said(values: dict[str, Any], unsaid: dict[str, Any]) -> dict[str, Any]:
    """Return the values that are not what an absent key means."""
    return {key: value for key, value in values.items() if key not in unsaid or value != unsaid[key]}
