"""Turns what the store holds into the messages that the actions send."""

from __future__ import annotations

import json
import re
from typing import Any

from valve_clinic.content.schema import Clinic, HandoffKind
from valve_clinic.content.store import AnswerView, SourceView

TALK_TO_A_PERSON = {"title": "Talk to a person", "payload": "/request_human"}
SOMETHING_ELSE = {"title": "Something else", "payload": "/out_of_scope"}
#: Follow-up buttons below an answer.
MAX_FOLLOWUPS = 3


def topic_button(topic: str, title: str, values: dict[str, str] | None = None) -> dict[str, str]:
    """Return a button that asks `topic`, with the slot values it means."""
    payload = f"/{topic}" + (json.dumps(values, sort_keys=True) if values else "")
    return {"title": title, "payload": payload}


def answer_message(answer: AnswerView, titles: dict[str, str], clinic: Clinic, repeated: bool) -> dict[str, Any]:
    """Return the keyword arguments of `dispatcher.utter_message` for an answer.

    The first source is shown with the reply; the others are named in a last line. `repeated` takes the short form.
    """
    text = answer.short if repeated else answer.text
    shown = _organisation(answer.sources[0].name)
    also = [name for name in dict.fromkeys(_organisation(source.name) for source in answer.sources) if name != shown]
    if also and not repeated:
        text += "\n\nAlso from: " + "; ".join(also) + "."
    buttons = [topic_button(topic, titles[topic]) for topic in answer.followups[:MAX_FOLLOWUPS] if topic in titles]
    link = clinic.links[answer.link] if answer.link else None
    return {
        "text": text,
        "buttons": buttons,
        "json_message": {
            "kind": answer.kind,
            "topic": answer.topic,
            "variant": answer.variant,
            "source": _source(answer.sources[0], answer.reviewed),
            "links": [{"title": link.title, "url": link.url}] if link and link.url else [],
        },
    }


def handoff_details(clinic: Clinic, kind: HandoffKind) -> dict[str, Any]:
    """Return the message with what to have ready for a call of this kind, and what is known of the hours."""
    ready = "\n".join(f"- {item}" for item in kind.have_ready)
    text = (
        f"Call {clinic.phone} to {kind.purpose}.\n\n"
        f"Good to have ready:\n{ready}\n\n"
        f"{hours_sentence(clinic)} In an emergency, call 911."
    )
    return {
        "text": text,
        "json_message": {
            "kind": "handoff",
            "links": [{"title": f"Call the {clinic.name}", "url": clinic.tel}],
        },
    }


def hours_sentence(clinic: Clinic) -> str:
    """Return what is known of the line's hours; unknown hours are said to be unknown."""
    if not clinic.hours:
        return "I do not know the hours of the line."
    days = "; ".join(f"{day.capitalize()} {', '.join(spans) or 'closed'}" for day, spans in clinic.hours.items())
    return f"The line is open: {days}."


def _organisation(name: str) -> str:
    """Return who speaks in a source's name: what stands before the title of the page."""
    return re.split(r"[,:]", name, maxsplit=1)[0].strip()


def _source(source: SourceView, reviewed: str | None) -> dict[str, str | None]:
    return {"name": source.name, "url": source.url, "date": source.date, "reviewed": reviewed}
