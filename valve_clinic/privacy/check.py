"""Tries every example of the data files: what must be masked, and what must stay."""

from __future__ import annotations

from pathlib import Path

from valve_clinic.privacy import masker
from valve_clinic.privacy.rules import NAMES_FILE, PATTERNS_FILE, RulesError, read_kinds, read_names


def check(patterns: Path = PATTERNS_FILE, names: Path = NAMES_FILE) -> list[str]:
    """Return a sentence for each problem of the two files."""
    try:
        kinds, lists = read_kinds(patterns), read_names(names)
    except RulesError as error:
        return [str(error)]
    problems = []
    for kind in kinds:
        problems += _examples(patterns.name, kind.id, kind.must, kind.must_not)
    problems += _examples(names.name, "name", lists["must"], lists["must_not"])
    masks = [kind.mask for kind in kinds] + ["[name]"]
    problems += [f"{patterns.name}: the mask {text} is itself changed" for text in masks if masker.mask(text) != text]
    return problems


def _examples(file: str, kind: str, must: tuple[str, ...], must_not: tuple[str, ...]) -> list[str]:
    problems = []
    for text in must:
        if kind not in {span.kind for span in masker.find(text)}:
            problems.append(f"{file}: {kind} must be found in {text!r}, which becomes {masker.mask(text)!r}")
    for text in must_not:
        if masker.mask(text) != text:
            problems.append(f"{file}: {kind}: {text!r} must stay and becomes {masker.mask(text)!r}")
    return problems
