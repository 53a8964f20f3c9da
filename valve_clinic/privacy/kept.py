"""What of a request may be kept: Rasa's parse, and the address of a link, without what tells who somebody is."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from valve_clinic.privacy import masker
from valve_clinic.privacy.numbers import is_public

_CALL = re.compile(r"(tel|sms):(.*)", re.DOTALL)


def parse_of(parsed: dict[str, Any] | None, text: str) -> dict[str, Any] | None:
    """Return Rasa's parse of `text` with every copy of the text masked.

    What was understood stays as it was: danger and topic are read from what was typed. Places (`start`, `end`) stay
    those of the typed text, so that entities and questions still agree with each other.
    """
    spans = masker.find_in_turn(text)
    if not parsed or not spans:
        return parsed
    hidden = [(text[span.start : span.end], span.mask) for span in spans]

    def masked(part: str) -> str:
        for words, mask in hidden:
            part = part.replace(words, mask)
        return masker.mask(part)

    questions = [{**item, "text": masked(str(item.get("text", "")))} for item in parsed.get("questions") or []]
    entities = [_entity(item, masked) for item in parsed.get("entities") or []]
    return {**parsed, "text": masker.replace(text, spans), "entities": entities, "questions": questions}


def _entity(item: dict[str, Any], masked: Any) -> dict[str, Any]:
    value = item.get("value")
    return {**item, "value": masked(value)} if isinstance(value, str) else item


def target_of(target: str) -> str:
    """Return the address of a link as it is kept: without query and fragment, and no private number."""
    call = _CALL.match(target)
    if call:
        return target if is_public(call[2]) else f"{call[1]}:[phone]"
    parts = urlsplit(target)
    path = "/[private]" if _is_private(parts.path) else parts.path
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], path, "", ""))


def _is_private(path: str) -> bool:
    """Return whether a path holds more than a publication's number: an e-mail address, a name or a street."""
    kinds = {span.kind for span in masker.find(re.sub(r"[/_+]", " ", unquote(path)))}
    return bool(kinds & {"email", "ssn", "birth", "name", "address"})
