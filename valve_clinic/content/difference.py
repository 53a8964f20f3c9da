"""Says in a unified diff how two states of the content differ, part by part, for a reader who is no programmer."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

#: The end of a sentence: each sentence is a line of its own, so that a changed one stands out.
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
Parts = dict[str, list[str]]


def parts_of(content: dict[str, Any]) -> Parts:
    """Return a revision's content by the names of its parts, each as lines; fields of any schema are carried."""
    parts: Parts = {}
    for key, value in content.items():
        if key not in ("id", "answers"):
            parts[key] = list(_lines(value))
    for answer in content.get("answers", []):
        name = _name(answer.get("variant"))
        for number, paragraph in enumerate(answer.get("paragraphs", []), 1):
            for key, value in paragraph.items():
                part = f"paragraph {number}" if key == "text" else f"paragraph {number}, {key}"
                parts[f"{name}, {part}"] = list(_lines(value))
        for key, value in answer.items():
            if key not in ("variant", "paragraphs"):
                parts[f"{name}, {key}"] = list(_lines(value))
    return parts


def flat(data: dict[str, Any]) -> Parts:
    """Return other data, such as the clinic's, by its keys."""
    return {key: list(_lines(value)) for key, value in data.items()}


def between(old: Parts, new: Parts, old_name: str, new_name: str) -> list[str]:
    """Return the diff's lines, none when the two are the same; `-` is the old text, `+` the new one."""
    lines = []
    for name in dict.fromkeys([*old, *new]):
        before, after = old.get(name, []), new.get(name, [])
        if before != after:
            lines.append(f"@@ {name} @@")
            # All in one hunk; its three lines of head are replaced by the names.
            lines += list(difflib.unified_diff(before, after, n=len(before) + len(after), lineterm=""))[3:]
    return [f"--- {old_name}", f"+++ {new_name}", *lines] if lines else []


def _name(variant: dict[str, str] | None) -> str:
    if not variant:
        return "default text"
    return "text for " + ", ".join(f"{key} {value}" for key, value in sorted(variant.items()))


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            for line in _lines(inner):
                yield f"{key}: {line}"
    elif isinstance(value, list):
        for inner in value:
            yield from _lines(inner)
    elif value is None:
        yield "(none)"
    else:
        for paragraph in str(value).splitlines():
            yield from _SENTENCE_END.split(" ".join(paragraph.split()))
