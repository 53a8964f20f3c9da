"""The fixed texts in another language say what those of the domain say: numbers, phone lines, every button and link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from valve_clinic import paths
from valve_clinic.content import responses, shapes
from valve_clinic.content.house_rules import House
from valve_clinic.content.parsed import Location, Parsed
from valve_clinic.content.problems import ContentError, Problem

_NUMBER = re.compile(r"\d(?:[\d.]*\d)?")
_PHONE = re.compile(r"(?<!\d)\d{3}\W\d{3}\W\d{4}(?!\d)")


def check(parsed: Parsed, house: House) -> Iterator[Problem]:
    """Compare `responses.yml` of a folder of another language with domain.yml; English has its texts there."""
    path = responses.path_of(parsed.language, parsed.base)
    if parsed.english or parsed.clinic is None or not path.is_file():
        return
    try:
        found, parsed.documents[path] = shapes.read_mapping(path, responses.Responses)
    except ContentError as error:
        yield from error.problems
        return
    domain: dict[str, Any] = yaml.safe_load(paths.DOMAIN_FILE.read_text(encoding="utf-8"))["responses"]
    for name, text in found.texts.items():
        at: Location = ["texts", name]
        if name not in domain:
            mend = "write the name of a response of domain.yml"
            yield parsed.at(path, at, f"domain.yml has no response {name}", mend)
            continue
        for message, mend in _compare(found, name, text, domain[name][0], parsed.clinic.phone):
            yield parsed.at(path, at, message, mend)
        for item in house.forbidden:
            said = re.search(item.pattern, " ".join(text.split()), re.IGNORECASE)
            if said:
                yield parsed.at(path, at, f"{said[0]!r}: {item.reason}", item.advice)


def _compare(
    found: responses.Responses, name: str, text: str, original: dict[str, Any], phone: str
) -> Iterator[tuple[str, str]]:
    if _PHONE.search(text):
        yield "a phone number is typed", "write {phone}: numbers stand in clinic.yml only"
    mine, theirs = (set(_NUMBER.findall(part)) for part in (text.replace("{phone}", phone), original["text"]))
    if mine != theirs:
        message = f"the numbers are {', '.join(sorted(mine)) or 'none'}"
        message += f"; the English text has {', '.join(sorted(theirs)) or 'none'}"
        yield message, "name the same numbers, {phone} for the clinic's"
    for button in original.get("buttons") or []:
        if found.button(name, button["payload"]) is None:
            yield f"the button {button['payload']} has no words", "add it to buttons"
    for link in (original.get("custom") or {}).get("links") or []:
        if link["url"] not in found.links:
            yield f"the link {link['url']} has no words", "add it to links"
    for payload in found.added.get(name, []):
        if payload not in found.buttons:
            yield f"the added button {payload} has no words", "add it to buttons"
