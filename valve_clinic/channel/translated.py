"""Says the domain's fixed texts in the language of the visitor's side, where that language is served."""

from __future__ import annotations

import logging
from typing import Any

from valve_clinic.channel.urgent import responses_on_disk
from valve_clinic.content import policy, responses
from valve_clinic.content.problems import ContentError
from valve_clinic.content.schema import ENGLISH, TRANSLATIONS

logger = logging.getLogger(__name__)
#: Fixed texts for danger that stand in the domain in Spanish: they are served whatever else is.
_ALWAYS = {"es": {"utter_emergency": "utter_emergency_es", "utter_crisis": "utter_crisis_es"}}


def all_of(messages: list[dict[str, Any]], language: str, pressed: bool = False) -> list[dict[str, Any]]:
    """Return the messages in the language; what has no words in it stays in English.

    `pressed`: a button was pressed, so nobody typed in English, and the text for an emergency is the language's own.
    """
    if language == ENGLISH or language not in TRANSLATIONS:
        return messages
    try:
        words = responses.served(language, policy.translations_from_settings())
    except ContentError as error:
        logger.error("the texts in %r cannot be read: %s", language, error.problems[0])
        words = None
    always = _ALWAYS.get(language, {}) if pressed else {}
    return [_one(message, language, words, always) for message in messages]


def _one(
    message: dict[str, Any], language: str, words: responses.Responses | None, always: dict[str, str]
) -> dict[str, Any]:
    name = str(message.get("utter_action") or "")
    if name in always:
        text = responses_on_disk()[always[name]][0]["text"]
        return {**message, "text": text, "custom": {**(message.get("custom") or {}), "language": language}}
    if words is None or name not in words.texts:
        return message
    buttons = [
        {**button, "title": words.button(name, button["payload"]) or button["title"]}
        for button in message.get("buttons") or []
    ]
    buttons += [{"title": words.buttons[payload], "payload": payload} for payload in words.added.get(name, [])]
    custom = dict(message.get("custom") or {})
    custom["links"] = [
        {**link, "title": words.links.get(link["url"], link["title"])} for link in custom.get("links") or []
    ]
    return {**message, "text": words.texts[name], "buttons": buttons, "custom": {**custom, "language": language}}
