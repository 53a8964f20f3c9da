"""Looks at every message for danger before anything that can refuse it or fail: length, limits, database, deadline."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from valve_clinic import paths, said_before
from valve_clinic.channel import reading
from valve_clinic.channel.replies import build_replies, from_response, safety_of
from valve_clinic.channel.text import MAX_CHARACTERS
from valve_clinic.privacy import kept
from valve_clinic.safety import matcher, triage
from valve_clinic.safety.levels import SAFETY, Assessment, Level

logger = logging.getLogger(__name__)

#: Seconds after which the fixed text is sent although the turn has not been stored yet.
PATIENCE = 1.0
#: Seconds that understanding may take before the signs alone decide.
_PARSE_SECONDS = 2.0
#: Seconds that all windows of a long text may take together; what is left then was looked at for signs only.
_WINDOWS_SECONDS = 3.0
#: A longer text is read in windows of this many characters, so that a sign on a border is whole in one of them.
_WINDOW, _STEP = MAX_CHARACTERS, MAX_CHARACTERS - 100


@dataclass(frozen=True)
class Look:
    """What was seen: the assessment, and Rasa's parse where the text is short enough to be answered.

    `behind` are the words behind which it was read: what this process takes for the message before it.
    """

    assessment: Assessment
    parse: dict[str, Any] | None = None
    behind: str | None = None

    @property
    def is_urgent(self) -> bool:
        """Whether the fixed text must be sent whatever else happens."""
        return self.assessment.level.rules_the_turn


async def look(agent: Any, text: str, behind: str | None = None) -> Look:
    """Return how urgent the text is; it never raises, and it stores nothing."""
    if len(text) <= MAX_CHARACTERS:
        with said_before.expecting(behind):
            parsed = await _parse(agent, text)
        # Triage has weighed the signs already; they decide alone only where it could not.
        seen = _of(parsed) if parsed and SAFETY in parsed else _signs(text)
        # Danger is looked for in what was typed; what goes on to be kept is masked.
        return Look(seen, kept.parse_of(parsed, text), behind)
    signs = _signs(text)
    until = time.monotonic() + _WINDOWS_SECONDS
    for start in range(0, len(text), _STEP):
        if signs.level.rules_the_turn or time.monotonic() > until:
            break
        found = _of(await _parse(agent, text[start : start + _WINDOW]))
        signs = max(signs, found, key=lambda assessment: assessment.level)
        await asyncio.sleep(0)  # others get their turn between two windows
    return Look(signs)


def fixed_turn(agent: Any, assessment: Assessment) -> dict[str, Any]:
    """Return the turn with the fixed text of an urgent assessment."""
    name = str(assessment.says)
    domain = getattr(agent, "domain", None)
    response = (domain.responses if domain else {}).get(name) or responses_on_disk()[name]
    replies, _ = build_replies([from_response(response)])
    return {"replies": replies, "safety": safety_of(replies)}


def _signs(text: str) -> Assessment:
    """Return what the signs alone say: they need no model."""
    try:
        found, cues = matcher.shared().find(text)
    except Exception as error:
        logger.error("looking for signs failed: %s", type(error).__name__)
        return Assessment(Level.NONE)
    return triage.from_signs(text, found, cues)


async def _parse(agent: Any, text: str) -> dict[str, Any] | None:
    if agent is None:
        return None
    try:
        return await reading.read(agent, text, _PARSE_SECONDS)
    except Exception as error:
        # The error's text may quote what a patient typed: its type is logged, its words are not.
        logger.error("understanding failed: %s", type(error).__name__)
        return None


def _of(parsed: dict[str, Any] | None) -> Assessment:
    return Assessment.from_dict(parsed.get(SAFETY) if parsed else None)


@lru_cache(maxsize=1)
def responses_on_disk() -> dict[str, Any]:
    """Return the responses of domain.yml."""
    responses: dict[str, Any] = yaml.safe_load(paths.DOMAIN_FILE.read_text(encoding="utf-8"))["responses"]
    return responses
