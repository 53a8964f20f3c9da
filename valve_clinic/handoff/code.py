"""Tells a conversation's reference code with its hand-off: as it is written, and sign by sign for the phone."""

from __future__ import annotations

from typing import Any

from valve_clinic.content.schema import ENGLISH
from valve_clinic.handoff import texts

KIND = "handoff"


def is_due(replies: list[dict[str, Any]]) -> bool:
    """Return whether the turn hands off, so that a code belongs to it."""
    return any(reply["kind"] == KIND for reply in replies)


def tell(replies: list[dict[str, Any]], code: str, hours: int) -> list[dict[str, Any]]:
    """Return the turn's replies with the code in the last one that hands off; `hours` is how long it works."""
    place = max(number for number, reply in enumerate(replies) if reply["kind"] == KIND)
    said = texts.read(replies[place].get("language", ENGLISH)).code.format(
        code=code, spelled=spelled(code), hours=hours
    )
    told = {**replies[place], "reference": code, "text": f"{replies[place]['text']}\n\n{said}"}
    return [*replies[:place], told, *replies[place + 1 :]]


def spelled(code: str) -> str:
    """Return the code sign by sign: "4 F 7 K, 9 Q X M"; a screen reader says it so, and does not try a word."""
    return ", ".join(" ".join(group) for group in code.split("-"))
