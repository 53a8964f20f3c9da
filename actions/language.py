"""In which language a visitor is spoken to."""

from __future__ import annotations

from rasa_sdk import Tracker

from valve_clinic.content.schema import ENGLISH


def language_of(tracker: Tracker) -> str:
    """Return the language that the visitor's side of the chat is in; the channel says so with each message."""
    return str((tracker.latest_message.get("metadata") or {}).get("language") or ENGLISH)
