"""One topic as a page of its own, in the look of the widget: what a patient will read, before it is published."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from valve_clinic import paths
from valve_clinic.content import schema
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.rules.reading import grade
from valve_clinic.content.rules.spanish_ease import ease

_TEMPLATE = Path(__file__).with_name("preview.html.j2")
_STYLE = paths.ROOT / "widget" / "src" / "style.js"


def render(parsed: Parsed, topic_id: str) -> str:
    """Return the topic's page as HTML without scripts and links; raises `KeyError` for a topic that was not read."""
    topic, clinic = parsed.topics[topic_id], parsed.clinic
    if clinic is None:
        raise ValueError("clinic.yml is wrong; see valve-clinic content check")
    titles = [parsed.topics[name].title if name in parsed.topics else name for name in topic.followups]
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(
        _TEMPLATE.read_text(encoding="utf-8")
    )
    return template.render(
        language="en" if parsed.english else parsed.folder.name,
        css=widget_css(),
        topic=topic,
        answers=[_answer(parsed, answer, clinic.phone) for answer in topic.answers],
        buttons=titles,
        handoff=clinic.handoffs.get(topic.handoff) if topic.handoff else None,
        phone=clinic.phone,
    )


def widget_css() -> Markup:
    """Return the widget's own rules; they are the project's, so nothing in them is escaped."""
    rules = re.search(r"RULES = `(.*?)`;", _STYLE.read_text(encoding="utf-8"), re.DOTALL)
    if rules is None:
        raise ValueError(f"no rules in {_STYLE}")
    return Markup(rules[1])


def _measured(parsed: Parsed, text: str) -> str:
    if parsed.english:
        return f"{grade(text):.1f}"
    return f"ease {ease(text):.1f} (INFLESZ)" if parsed.language == "es" else "not measured in this language"


def _answer(parsed: Parsed, answer: schema.Answer, phone: str) -> dict[str, Any]:
    facts = [source for paragraph in answer.paragraphs for source in paragraph.sources]
    first = (parsed.facts or {}).get(facts[0])
    table = getattr(answer, "table", None)

    def form(label: str, texts: list[str], table: object = None) -> dict[str, Any]:
        whole = "\n\n".join(texts)
        return {
            "label": label,
            "paragraphs": [text.replace("{phone}", phone) for text in texts],
            "words": len(whole.split()),
            "grade": _measured(parsed, whole),
            "table": table,
            "source": first.source if first else None,
            "facts": ", ".join(dict.fromkeys(facts)),
        }

    return {
        "name": f"Text for {schema.variant_key(answer.variant)}" if answer.variant else "Default text",
        "forms": [
            form("When it is asked first", [paragraph.text for paragraph in answer.paragraphs], table),
            form("When the same is asked again", [answer.short]),
        ],
    }
