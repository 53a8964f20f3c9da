"""Decides how urgent a message is, from its signs and from what the models say of it and of each of its clauses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from valve_clinic.nlu.examples import CRISIS, EMERGENCY, FLAGS, SAME_DAY
from valve_clinic.safety import languages
from valve_clinic.safety.levels import Assessment, Level
from valve_clinic.safety.matcher import Found, SignMatcher

MODEL = "model"
#: A crisis that the model sees outweighs a sign of an emergency only when it is likelier than not: a child that got
#: into the pills is no crisis, and pills that somebody took to die are one.
_OUTVOTES = 0.5
#: An emergency that the model alone sees and thinks less likely than not gives way to a crisis of this probability, or
#: to a sign of one; a likelier one, of which it is not sure, gives way to both together. The text of a crisis names 911
#: as well, and the text of an emergency does not name 988.
_NAMES_BOTH = 0.25
#: The model is sure of an emergency from here on.
_SURE = 0.9
#: What is said first at each level.
SAYS = {
    Level.ACT: "utter_emergency",
    Level.CHECK: "utter_check",
    Level.CRISIS: "utter_crisis",
    Level.SAME_DAY: "utter_same_day",
}
SAYS_OTHER_PERSON = "utter_emergency_other"
SAYS_SPANISH = {Level.ACT: "utter_emergency_es", Level.CRISIS: "utter_crisis_es", Level.CHECK: "utter_emergency_es"}
SAYS_OTHER_LANGUAGE = "utter_other_language"


@dataclass(frozen=True)
class Thresholds:
    """Probabilities from which the model alone reaches a level; `clause` ones are for a part of a message."""

    act: float
    act_clause: float
    #: A sign that the models see nothing behind asks first: below both of these it is a check.
    sign: float
    sign_clause: float
    check: float
    check_clause: float
    #: What the model says of so few words by themselves is less sure: they need this much for a check.
    check_few: float
    few_words: float
    crisis: float
    crisis_clause: float
    #: Below both of these the models see nothing behind an unsure sign of a crisis.
    crisis_sign: float
    crisis_sign_clause: float
    same_day: float
    same_day_clause: float

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Thresholds:
        """Return the thresholds of a component's configuration; raises KeyError when one is missing."""
        return cls(**{name: float(config[name]) for name in cls.__dataclass_fields__})


#: Probability of each flag, of a whole message or of a clause.
Flags = Mapping[str, float]


def assess(
    text: str, whole: Flags, clauses: Sequence[Flags], matcher: SignMatcher, thresholds: Thresholds
) -> Assessment:
    """Return the assessment of a message; the most urgent of all opinions rules, and nothing lowers it again.

    What the models say of a script that they have not learnt is chance, and is not heard: the reply to a language that
    the chat does not know names 911.
    """
    found, cues = matcher.find(text)
    if not _reaches(CRISIS, thresholds.crisis_sign, thresholds.crisis_sign_clause, whole, clauses):
        found = [item for item in found if not item.sign.unsure]
    by_signs = from_signs(text, found, cues)
    if by_signs.language == languages.OTHER and languages.is_in_other_script(text):
        whole, clauses = dict.fromkeys(FLAGS, 0.0), ()
    if len(text.split()) <= thresholds.few_words:
        thresholds = replace(thresholds, check=thresholds.check_few)
    modelled, same_day = _model_level(whole, clauses, thresholds)
    by_signs = replace(by_signs, same_day=by_signs.same_day or same_day)
    believed = _reaches(EMERGENCY, thresholds.sign, thresholds.sign_clause, whole, clauses)
    in_english = by_signs.language == languages.ENGLISH
    if by_signs.level is Level.ACT and in_english and not believed and modelled is not Level.CRISIS:
        by_signs = replace(by_signs, level=Level.CHECK, says=SAYS[Level.CHECK])
    if modelled is Level.CRISIS and by_signs.level is Level.ACT and whole[CRISIS] > max(whole[EMERGENCY], _OUTVOTES):
        by_signs = replace(by_signs, level=Level.CHECK)
    # With two opinions for a crisis, only a sure one for an emergency is heard.
    needed = _SURE if whole[CRISIS] >= _NAMES_BOTH else _OUTVOTES
    gives_way = by_signs.level is Level.CRISIS and not _is_likely_emergency(whole, clauses, thresholds, needed)
    if modelled <= by_signs.level or gives_way:
        return by_signs
    says = _says(modelled, by_signs.language, [], cues)
    return replace(by_signs, level=modelled, says=says, signs=(MODEL, *by_signs.signs))


def from_signs(text: str, found: Sequence[Found], cues: frozenset[str]) -> Assessment:
    """Return the assessment that the signs alone give."""
    level = max((item.level for item in found), default=Level.NONE)
    language = languages.of(text)
    return Assessment(
        level,
        _says(level, language, [item for item in found if item.level == level], cues),
        tuple(item.sign.id for item in found),
        language,
        safe="safe" in cues,
        happening="happening" in cues,
        same_day=any(item.level is Level.SAME_DAY for item in found),
    )


def _model_level(whole: Flags, clauses: Sequence[Flags], thresholds: Thresholds) -> tuple[Level, bool]:
    """Return the level that the model alone reaches, and whether it sees a reason to call today."""

    same_day = _reaches(SAME_DAY, thresholds.same_day, thresholds.same_day_clause, whole, clauses)
    act = _reaches(EMERGENCY, thresholds.act, thresholds.act_clause, whole, clauses)
    crisis = _reaches(CRISIS, thresholds.crisis, thresholds.crisis_clause, whole, clauses)
    gives_way = whole[CRISIS] >= _NAMES_BOTH and not _is_likely_emergency(whole, clauses, thresholds)
    if crisis and (not act or whole[CRISIS] > whole[EMERGENCY] or gives_way):
        return Level.CRISIS, same_day
    if act:
        return Level.ACT, same_day
    if _reaches(EMERGENCY, thresholds.check, thresholds.check_clause, whole, clauses):
        return Level.CHECK, same_day
    return (Level.SAME_DAY if same_day else Level.NONE), same_day


def _is_likely_emergency(
    whole: Flags, clauses: Sequence[Flags], thresholds: Thresholds, needed: float = _OUTVOTES
) -> bool:
    """Return whether the model takes an emergency for likelier than `needed`, or is sure of one in a clause."""
    return _reaches(EMERGENCY, needed, thresholds.act_clause, whole, clauses)


def _reaches(flag: str, needed: float, clause_needed: float, whole: Flags, clauses: Sequence[Flags]) -> bool:
    return whole[flag] >= needed or any(clause[flag] >= clause_needed for clause in clauses)


def _says(level: Level, language: str, found: Sequence[Found], cues: frozenset[str]) -> str | None:
    if language == languages.SPANISH and level in SAYS_SPANISH:
        return SAYS_SPANISH[level]
    if language != languages.ENGLISH and not level.rules_the_turn:
        return SAYS_OTHER_LANGUAGE
    if level is Level.ACT:
        special = next((item.sign.says for item in found if item.sign.says), None)
        return special or (SAYS_OTHER_PERSON if "other_person" in cues else SAYS[level])
    return SAYS.get(level)
