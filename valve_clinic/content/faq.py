"""The answers as one page without a script: made from what the chat answers, so that the two cannot disagree."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from valve_clinic.content import groups
from valve_clinic.content.schema import Clinic
from valve_clinic.content.store import AnswerView, ContentStore, SourceView

#: How a text for one variant is headed; "and" stands between two keys.
_HEADINGS = {
    ("procedure", "mitraclip"): "After or about MitraClip",
    ("procedure", "surgery"): "After or about valve surgery",
    ("severity", "mild"): "When the leak is mild",
    ("severity", "moderate"): "When the leak is moderate",
    ("severity", "severe"): "When the leak is severe",
    ("relation", "other"): "When it is about somebody you care for",
}
_TITLE = "Questions about a leaky mitral valve"


@dataclass(frozen=True)
class Page:
    """The page; `style_hash` is what a policy has to allow, `sha256-…`."""

    html: str
    style_hash: str


def render(store: ContentStore) -> Page:
    """Return the page with all published answers; raises `LookupError` when nothing was loaded yet."""
    clinic = store.clinic()
    topics: dict[str, list[AnswerView]] = {}
    for answer in store.published():
        topics.setdefault(answer.topic, []).append(answer)
    ordered = groups.grouped(topics)
    contents = "".join(
        f"<h3>{escape(group.title)}</h3><ul>"
        + "".join(f'<li><a href="#{topic}">{escape(topics[topic][0].title)}</a></li>' for topic in group.topics)
        + "</ul>"
        for group in ordered
    )
    body = "".join(
        f"<section><h2>{escape(group.title)}</h2>"
        + "".join(_topic(topics[topic], clinic) for topic in group.topics)
        + "</section>"
        for group in ordered
    )
    data = _structured([topics[topic][0] for group in ordered for topic in group.topics])
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_TITLE} - {escape(clinic.name)}</title><style>{_style()}</style>"
        f'<script type="application/ld+json">{data}</script></head><body>'
        f"<header><h1>{_TITLE}</h1>{_urgent(clinic)}{_notice(clinic, topics)}</header>"
        f'<main><nav aria-label="Questions"><h2>All questions</h2>{contents}</nav>{body}</main>'
        f"<footer>{_urgent(clinic)}<p>General information, not medical advice.</p></footer></body></html>\n"
    )
    return Page(html, _style_hash())


def _topic(answers: list[AnswerView], clinic: Clinic) -> str:
    first, *others = answers
    parts = [
        f'<article aria-labelledby="{first.topic}"><h3 id="{first.topic}">{escape(first.title)}</h3>',
        _text(first),
    ]
    link = clinic.links[first.link] if first.link else None
    if link and link.url:
        parts.append(f'<p><a href="{escape(link.url)}">{escape(link.title)}</a></p>')
    elif link:
        parts.append(f"<p>The web address of “{escape(link.title)}” is not known here.</p>")
    parts += [f"<h4>{escape(_heading(answer))}</h4>{_text(answer)}" for answer in others]
    if first.handoff:
        parts.append(f"<p>To {escape(clinic.handoffs[first.handoff].purpose)}: {_phone(clinic)}.</p>")
    return "".join(parts) + "</article>"


def _heading(answer: AnswerView) -> str:
    names = [_HEADINGS.get(item, f"{item[0]}: {item[1]}") for item in (answer.variant or {}).items()]
    return " and ".join([*names[:1], *(name[:1].lower() + name[1:] for name in names[1:])])


def _text(answer: AnswerView) -> str:
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in answer.text.split("\n\n"))
    reviewed = f" Reviewed: {escape(answer.reviewed)}." if answer.reviewed else ""
    named = "; ".join(_source(source) for source in answer.sources)
    return f'{paragraphs}{_table(answer.table)}<p class="source">Sources: {named}.{reviewed}</p>'


def _source(source: SourceView) -> str:
    name = escape(source.name)
    return (f'<a href="{escape(source.url)}">{name}</a>' if source.url else name) + f", {escape(source.date)}"


def _table(table: dict[str, Any] | None) -> str:
    if table is None:
        return ""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table["head"])
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in table["rows"]
    )
    caption = escape(table["caption"])
    # What scrolls on a narrow screen can be reached by keyboard.
    return (
        f'<div class="scroll" role="group" aria-label="{caption}" tabindex="0"><table><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _urgent(clinic: Clinic) -> str:
    return (
        '<p class="danger">Chest pain, severe trouble breathing or fainting now? '
        '<a href="tel:911">Call 911.</a></p>'
        f'<p class="tel">Valve Clinic, for {escape(clinic.phone_is_for)}: {_phone(clinic)}. '
        "This line is not for an emergency.</p>"
    )


def _phone(clinic: Clinic) -> str:
    return f'<a href="{escape(clinic.tel)}">{escape(clinic.phone)}</a>'


def _notice(clinic: Clinic, topics: dict[str, list[AnswerView]]) -> str:
    signed = sum(bool(answers[0].reviewed) for answers in topics.values())
    review = (
        "No clinician has reviewed these answers yet."
        if not signed
        else (f"A clinician has reviewed {signed} of {len(topics)} answers; the date stands below each.")
    )
    return (
        '<p class="notice">This page is educational. It is not affiliated with or approved by '
        f"{escape(clinic.institute)} or its {escape(clinic.name)}. {review} It is not medical advice. "
        "“Our page” in an answer is the clinic’s own page about the mitral valve.</p>"
    )


def _structured(answers: list[AnswerView]) -> str:
    """Return schema.org's FAQPage as JSON that cannot end the element it stands in."""
    questions = [
        {"@type": "Question", "name": item.title, "acceptedAnswer": {"@type": "Answer", "text": item.text}}
        for item in answers
    ]
    page = {"@context": "https://schema.org", "@type": "FAQPage", "inLanguage": "en", "mainEntity": questions}
    return json.dumps(page, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")


@lru_cache(maxsize=1)
def _style() -> str:
    return Path(__file__).with_name("faq.css").read_text(encoding="utf-8")


def _style_hash() -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
