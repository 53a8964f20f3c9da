"""What is said first in a turn, and whether anything may follow: danger, the hold after it, and a short human word."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from valve_clinic.safety.levels import SAFETY, Assessment, Level

EMERGENCY, STILL, SAFE = "utter_emergency", "utter_emergency_still", "utter_safe"
CRISIS, CHECK, SAME_DAY = "utter_crisis", "utter_check", "utter_same_day"
#: A message that starts so is a pressed button: typed slashes are removed before Rasa sees them.
_BUTTON = "/"
#: Where an event keeps what was read of it.
_READ = "_valve_clinic_said"


@dataclass(frozen=True)
class Plan:
    """Responses to say first, in order; `alone` means that nothing follows them."""

    first: tuple[str, ...] = ()
    alone: bool = False


@dataclass(frozen=True)
class Said:
    """One message of the person, as far as safety is concerned."""

    text: str
    intent: str
    confidence: float
    assessment: Assessment
    courtesy: str | None = None

    @property
    def is_button(self) -> bool:
        """Whether a button was pressed."""
        return self.text.startswith(_BUTTON)

    @classmethod
    def from_parse(cls, text: str, parse_data: dict[str, Any]) -> Said:
        """Read a message from Rasa's parse."""
        intent = parse_data.get("intent") or {}
        return cls(
            text,
            str(intent.get("name")),
            float(intent.get("confidence") or 0.0),
            Assessment.from_dict(parse_data.get(SAFETY)),
            parse_data.get("courtesy"),
        )


@dataclass
class State:
    """What earlier turns left: a danger that nobody has said is over, and a question whether it is happening."""

    held: bool = False
    checked: bool = False


@dataclass(frozen=True)
class Rules:
    """What `turn.yml` says."""

    different: frozenset[str]
    different_confidence: float
    topics_too: frozenset[str]
    courtesies: dict[str, str] = field(default_factory=dict)

    def is_topic(self, intent: str) -> bool:
        """Return whether content answers the intent."""
        return intent.startswith("ask_") or intent in self.topics_too


@lru_cache(maxsize=1)
def rules() -> Rules:
    """Return the rules of the data file."""
    data = yaml.safe_load((Path(__file__).parent / "turn.yml").read_text(encoding="utf-8"))
    return Rules(
        frozenset(data["different"]),
        float(data["different_confidence"]),
        frozenset(data["topics_too"]),
        dict(data["courtesies"]),
    )


def plan(messages: Iterable[Said]) -> Plan:
    """Return the plan for the last of a session's messages."""
    state, last = State(), Plan()
    for said in messages:
        last = _plan(said, state)
    return last


def state_after(messages: Iterable[Said]) -> State:
    """Return what a session's messages leave for the next one."""
    state = State()
    for said in messages:
        _plan(said, state)
    return state


def _plan(said: Said, state: State) -> Plan:
    """Return the plan for one message and bring `state` up to date."""
    checked, state.checked = state.checked, False
    assessment = said.assessment
    urgent = _urgent(said, checked)
    if urgent:
        state.held = state.held or (urgent != CRISIS and assessment.level is not Level.CRISIS)
        return Plan((urgent,), alone=True)
    if state.held:
        held = _held(said)
        if held is not None:
            state.held = held == STILL
            return Plan((held,), alone=True)
        state.held = False
    return _ordinary(said, state)


def _urgent(said: Said, checked: bool) -> str | None:
    assessment = said.assessment
    if assessment.level.rules_the_turn:
        return assessment.says
    if said.intent == "report_emergency":
        return EMERGENCY
    if said.intent == "report_crisis":
        return CRISIS
    confirmed = checked and not said.is_button and (assessment.happening or said.intent == "affirm")
    return EMERGENCY if confirmed else None


def _held(said: Said) -> str | None:
    """Return what is said while a danger may go on; None when the person has gone on to something else."""
    if said.is_button:
        return None if rules().is_topic(said.intent) else SAFE
    calm = said.assessment.level < Level.CHECK
    sure = said.confidence >= rules().different_confidence
    if calm and sure and said.intent in rules().different:
        return None
    return SAFE if calm and said.assessment.safe else STILL


def _ordinary(said: Said, state: State) -> Plan:
    assessment = said.assessment
    topic = rules().is_topic(said.intent)
    if assessment.language != "en" and assessment.says:
        return Plan((assessment.says,), alone=True)
    if assessment.level is Level.CHECK:
        state.checked = True
        return Plan((assessment.says or CHECK, *([SAME_DAY] if assessment.same_day else [])))
    if assessment.level is Level.SAME_DAY:
        return Plan((assessment.says or SAME_DAY,), alone=not topic)
    courtesy = rules().courtesies.get(said.courtesy or "")
    return Plan((courtesy,) if courtesy and topic else ())


def messages_of(events: Sequence[Any]) -> list[Said]:
    """Return the person's messages among Rasa's events, in order."""
    from rasa.shared.core.events import UserUttered

    return [_said(event) for event in events if isinstance(event, UserUttered)]


def _said(event: Any) -> Said:
    """Return what the event says, read once: each action of a turn asks for all of them."""
    known: Said | None = event.__dict__.get(_READ)
    if known is None:
        parsed = {**(event.parse_data or {}), "intent": event.intent}
        known = event.__dict__[_READ] = Said.from_parse(event.text or "", parsed)
    return known
