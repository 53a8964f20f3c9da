"""Tries every example of the signs, and looks up every source and text that they name."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import yaml

from valve_clinic import paths
from valve_clinic.safety.levels import Level
from valve_clinic.safety.matcher import SignMatcher
from valve_clinic.safety.signs import SIGNS_FILE, Sign, SignsError, read


def check(
    path: Path = SIGNS_FILE, facts: Path = paths.CONTENT / "facts.yml", domain: Path = paths.DOMAIN_FILE
) -> list[str]:
    """Return a sentence for each problem of the file of signs."""
    try:
        signs = read(path)
        matcher = SignMatcher(signs)
    except SignsError as error:
        return [str(error)]
    known = {item["id"] for item in yaml.safe_load(facts.read_text(encoding="utf-8"))}
    responses = set(yaml.safe_load(domain.read_text(encoding="utf-8"))["responses"])
    problems = []
    for sign in signs.signs:
        problems += _references(sign, known, responses)
        problems += _examples(sign, matcher)
    return [f"{path.name}: {problem}" for problem in problems]


def _references(sign: Sign, facts: Collection[str], responses: Collection[str]) -> list[str]:
    problems = [
        f"{sign.id} names the fact {name}, which is not in facts.yml" for name in sign.sources if name not in facts
    ]
    if sign.says and sign.says not in responses:
        problems.append(f"{sign.id} says {sign.says}, which is not a response of domain.yml")
    return problems


def _examples(sign: Sign, matcher: SignMatcher) -> list[str]:
    """A sign must be found in each `must` at its level or above, and in no `must_not` at its own level."""
    problems = []
    for text in sign.must:
        level = level_of(sign, text, matcher)
        if level < sign.level:
            problems.append(f"{sign.id} must catch {text!r} and finds {level.name.lower()}; add or widen a phrase")
    for text in sign.must_not:
        level = level_of(sign, text, matcher)
        if level >= sign.level:
            problems.append(f"{sign.id} must not catch {text!r} and finds {level.name.lower()}; narrow a phrase or cue")
    return problems


def level_of(sign: Sign, text: str, matcher: SignMatcher) -> Level:
    """Return the level at which this sign is found in a text, NONE when it is not."""
    found, _ = matcher.find(text)
    return max((item.level for item in found if item.sign.id == sign.id), default=Level.NONE)
