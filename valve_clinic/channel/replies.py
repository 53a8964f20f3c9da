"""Turns what Rasa says into the website's replies (docs/website-api.md)."""

from __future__ import annotations

import secrets
from typing import Any

from rasa.core.channels.channel import OutputChannel

from valve_clinic.channel.store import Button

DEFAULT_KIND = "chitchat"
#: Kinds that mean danger now: while one is in force, the 911 line stays in view.
ACT_KINDS = frozenset({"emergency"})
CHECK_KINDS = frozenset({"check"})
#: Kinds whose text is sent whatever else fails.
URGENT_KINDS = frozenset({"emergency", "crisis"})


class ReplyCollector(OutputChannel):
    """Collects the messages of one turn, whole: text, buttons and `custom` belong together."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    @classmethod
    def name(cls) -> str:
        """Return the channel's name as Rasa stores it."""
        return "website"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep the message."""
        self.messages.append(message)


def build_replies(messages: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[Button]]:
    """Return the turn's replies and the buttons to remember for them; a message without text is dropped."""
    replies, buttons = [], []
    for message in messages:
        text = (message.get("text") or "").strip()
        if not text:
            continue
        custom = message.get("custom") or {}
        kind = custom.get("kind", DEFAULT_KIND)
        made = [_button(button) for button in message.get("buttons") or []]
        buttons += made
        replies.append(
            {
                "id": secrets.token_urlsafe(12),
                "kind": kind,
                "topic": custom.get("topic"),
                "variant": custom.get("variant") or None,
                "text": text,
                "buttons": [
                    {
                        "id": button.id,
                        "title": button.title,
                        "topic": _topic_of(button.payload) if kind == "clarify" else None,
                    }
                    for button in made
                ],
                "links": custom.get("links") or [],
                "source": custom.get("source"),
                "reference": custom.get("reference"),
                "table": custom.get("table"),
            }
        )
    return replies, buttons


def from_response(response: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a domain response's first text as a message, for replies that need no conversation."""
    first = response[0]
    return {key: first.get(key) for key in ("text", "buttons", "custom")}


def safety_of(replies: list[dict[str, Any]]) -> str:
    """Return the turn's safety level: "act", "check" or "none"."""
    kinds = {reply["kind"] for reply in replies}
    if kinds & ACT_KINDS:
        return "act"
    return "check" if kinds & CHECK_KINDS else "none"


def _button(button: dict[str, Any]) -> Button:
    return Button(secrets.token_urlsafe(12), button["title"], button["payload"])


def _topic_of(payload: str) -> str | None:
    intent = payload.lstrip("/").partition("{")[0]
    return None if intent == "out_of_scope" else intent
