"""Turns what Rasa says into the website's replies (docs/website-api.md)."""

from __future__ import annotations

import secrets
from typing import Any

from rasa.core.channels.channel import OutputChannel

from valve_clinic.channel.store import Button
from valve_clinic.safety.turn import rules

DEFAULT_KIND = "chitchat"
#: Kinds that mean danger now: while one is in force, the 911 line stays in view.
ACT_KINDS = frozenset({"emergency"})
CHECK_KINDS = frozenset({"check"})
#: Kinds whose text is sent whatever else fails.
URGENT_KINDS = frozenset({"emergency", "crisis"})


#: What a stored reply has and the website's contract has not: which revision of an answer was spoken, and whether the
#: line was open when the chat handed off.
KEPT_BACK = frozenset({"revision", "hours"})


class ReplyCollector(OutputChannel):
    """Collects the messages of one turn, whole: text, buttons and `custom` belong together."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self._is_open = True

    @classmethod
    def name(cls) -> str:
        """Return the channel's name as Rasa stores it."""
        return "website"

    async def send_response(self, recipient_id: str, message: dict[str, Any]) -> None:
        """Keep the message, unless the turn was answered already."""
        if self._is_open:
            self.messages.append(message)

    def close(self) -> list[dict[str, Any]]:
        """Return what was collected; what comes later is dropped."""
        self._is_open = False
        return self.messages


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
        kept_back = {key: custom[key] for key in sorted(KEPT_BACK) if custom.get(key)}
        replies.append(
            {
                **kept_back,
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
                # English is not said: a reply without a language is in English.
                **({"language": custom["language"]} if custom.get("language") else {}),
            }
        )
    return replies, buttons


def public(replies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return stored replies as the website gets them."""
    return [{key: value for key, value in reply.items() if key not in KEPT_BACK} for reply in replies]


def from_response(response: list[dict[str, Any]], name: str | None = None) -> dict[str, Any]:
    """Return a domain response's first text as a message, for replies that need no conversation."""
    first = response[0]
    return {**{key: first.get(key) for key in ("text", "buttons", "custom")}, "utter_action": name}


def safety_of(replies: list[dict[str, Any]]) -> str:
    """Return the turn's safety level: "act", "check" or "none"."""
    kinds = {reply["kind"] for reply in replies}
    if kinds & ACT_KINDS:
        return "act"
    return "check" if kinds & CHECK_KINDS else "none"


def _button(button: dict[str, Any]) -> Button:
    return Button(secrets.token_urlsafe(12), button["title"], button["payload"])


def _topic_of(payload: str) -> str | None:
    """Return the topic that a button leads to; "Talk to a person" and "Something else" lead to none."""
    intent = payload.lstrip("/").partition("{")[0]
    return intent if rules().is_topic(intent) else None
