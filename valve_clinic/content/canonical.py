"""A topic as a revision holds it: the same content has the same form, however its file is written."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from valve_clinic.content import schema


def content_of(topic: schema.Topic) -> dict[str, Any]:
    """Return the topic as JSON without what is null, empty or the default.

    A field that a later release adds does not change the form of topics that do not use it. All fields are carried,
    whatever the schema gives a topic; `schema.Topic.parse_obj` makes the same topic again.
    """
    short: dict[str, Any] = _without_nothing(json.loads(topic.json(exclude_defaults=True)))
    if schema.Topic.parse_obj(short) == topic:
        return short
    whole: dict[str, Any] = json.loads(topic.json())
    return whole


def hash_of(content: dict[str, Any]) -> str:
    """Return the SHA-256 of the content, with its keys in order."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _without_nothing(node: Any) -> Any:
    if isinstance(node, dict):
        kept = {key: _without_nothing(value) for key, value in node.items()}
        return {key: value for key, value in kept.items() if value not in (None, {}, [])}
    if isinstance(node, list):
        return [_without_nothing(value) for value in node]
    return node
