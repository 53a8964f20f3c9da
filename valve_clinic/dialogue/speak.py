"""Turns what the store holds into the messages that the actions send."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from valve_clinic.content import groups
from valve_clinic.content.schema import ENGLISH, Clinic, HandoffKind, Link
from valve_clinic.content.store import AnswerView, SourceView
from valve_clinic.dialogue.phrases import phrase
from valve_clinic.handoff.sentences import about_hours

TALK_TO_A_PERSON = {"title": "Talk to a person", "payload": "/request_human"}
SOMETHING_ELSE = {"title": "Something else", "payload": "/out_of_scope"}
#: Follow-up buttons below an answer.
MAX_FOLLOWUPS = 3


def topic_button(topic: str, title: str, values: dict[str, str] | None = None) -> dict[str, str]:
    """Return a button that asks `topic`, with the slot values it means."""
    payload = f"/{topic}" + (json.dumps(values, sort_keys=True) if values else "")
    return {"title": title, "payload": payload}


def choice_buttons(topics: Sequence[str], titles: dict[str, str]) -> list[dict[str, str]]:
    """Return the buttons that ask which topic was meant, with a way out."""
    return [*(topic_button(topic, titles[topic]) for topic in topics), SOMETHING_ELSE]


def answer_message(answer: AnswerView, titles: dict[str, str], clinic: Clinic, repeated: bool) -> dict[str, Any]:
    """Return the keyword arguments of `dispatcher.utter_message` for an answer.

    The first source is shown with the reply; the others are named in a last line. `repeated` takes the short form.
    The revision that the text is of is stored with the conversation; the website's reply does not show it.
    """
    text = answer.short if repeated else answer.text
    shown = _organisation(answer.sources[0].name)
    also = [name for name in dict.fromkeys(_organisation(source.name) for source in answer.sources) if name != shown]
    if also and not repeated:
        text += "\n\n" + phrase("also_from", answer.language, names="; ".join(also))
    offered = _all_others(answer.topic, titles) or answer.followups[:MAX_FOLLOWUPS]
    buttons = [topic_button(topic, titles[topic]) for topic in offered if topic in titles]
    link = clinic.links[answer.link] if answer.link else None
    if link and not link.url:
        text += f"\n\n{link_sentence(link, answer.language)}"
    if answer.unsigned:
        text += "\n\n" + phrase("unsigned", answer.language)
    return {
        "text": text,
        "buttons": buttons,
        "json_message": {
            "kind": answer.kind,
            "topic": answer.topic,
            "variant": answer.variant,
            "revision": answer.revision,
            "source": _source(answer.sources[0], answer.reviewed),
            "links": [{"title": link.title, "url": link.url}] if link and link.url else [],
            "table": None if repeated else answer.table,
            **_language(answer.language),
        },
    }


def or_meant(topics: Sequence[str], titles: dict[str, str], language: str = ENGLISH) -> dict[str, Any]:
    """Return the message that offers what else may have been meant, below an answer."""
    return {
        "text": phrase("or_meant", language),
        "buttons": choice_buttons(topics, titles),
        "json_message": {"kind": "clarify", **_language(language)},
    }


def _all_others(topic: str, titles: dict[str, str]) -> list[str]:
    """Return all other published topics, grouped, for the answer that says what can be asked; else none."""
    if topic != groups.browsed_from():
        return []
    return [other for group in groups.grouped(titles) for other in group.topics if other != topic]


def link_sentence(link: Link, language: str = ENGLISH) -> str:
    """Return what is said where a part of the clinic's page is named whose address is not known."""
    return phrase("no_address", language, title=link.title)


def handoff_details(
    clinic: Clinic, kind: HandoffKind, language: str = ENGLISH, moment: datetime | None = None
) -> dict[str, Any]:
    """Return the message with what to have ready for a call of this kind, and how it stands with the line's hours.

    `moment` (with its zone) is now, unless a test says otherwise. Whether the line is open then is stored with the
    reply, for the counts; the website's reply does not show it.
    """
    ready = "\n".join(f"- {item}" for item in kind.have_ready)
    said, state = about_hours(clinic, moment or datetime.now(timezone.utc), language)
    parts = (
        phrase("call", language, phone=clinic.phone, purpose=kind.purpose),
        phrase("ready", language, items=ready),
        said,
    )
    return {
        "text": "\n\n".join(parts),
        "json_message": {
            "kind": "handoff",
            "hours": state,
            "links": [{"title": phrase("call_clinic", language, name=clinic.name), "url": clinic.tel}],
            **_language(language),
        },
    }


def _language(language: str) -> dict[str, str]:
    """Return the language for a reply that is not in English; where nothing is said, it is English."""
    return {} if language == ENGLISH else {"language": language}


def _organisation(name: str) -> str:
    """Return who speaks in a source's name: what stands before the title of the page."""
    return re.split(r"[,:]", name, maxsplit=1)[0].strip()


def _source(source: SourceView, reviewed: str | None) -> dict[str, str | None]:
    return {"name": source.name, "url": source.url, "date": source.date, "reviewed": reviewed}
