"""The whole check of a content folder: shape, integrity, and how its texts read."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from valve_clinic import paths
from valve_clinic.content import house_rules, loader, rules
from valve_clinic.content.house_rules import House
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem
from valve_clinic.content.rules import (
    copied,
    fixed_texts,
    forbidden,
    links,
    numbers,
    parity,
    reachable,
    reading,
    required,
    review,
    terms,
)

#: What must hold before a text is published; the server itself needs `rules.INTEGRITY` only.
EDITORIAL: tuple[Callable[[Parsed, House], Iterator[Problem]], ...] = (
    reading.check,
    terms.check,
    forbidden.check,
    numbers.check,
    required.check,
    copied.check,
    links.check,
    reachable.check,
    review.check,
    fixed_texts.check,
)


@dataclass(frozen=True)
class Report:
    """What was found: `problems` stop a publication, `warnings` do not."""

    parsed: Parsed
    problems: list[Problem]
    warnings: list[Problem]


def check(
    folder: Path = paths.CONTENT,
    base: Path | None = None,
    today: datetime.date | None = None,
    english: Parsed | None = None,
) -> Report:
    """Check one folder at once, sorted by file and line; `base` holds the clinic's data, facts and English texts.

    A folder that is not its own base is a translation: it is compared with the base's texts, too; `english` is the base
    where it was read already.
    """
    is_translation = base is not None and base != folder
    if is_translation and english is None:
        english = loader.parse(base or folder)
    parsed = loader.parse(folder, base, english)
    problems = rules.check_integrity(parsed)
    house = house_rules.read(parsed)
    if house is not None:
        problems += [problem for rule in EDITORIAL for problem in rule(parsed, house)]
    if is_translation and english is not None:
        problems += parity.check(parsed, english)
        original = house_rules.read(english)
        if house is not None and original is not None and house.required:
            problems += parity.check_required(parsed, house, original)
    warnings = list(review.warn(parsed, today or datetime.date.today()))
    found = sorted(parsed.problems + problems, key=lambda problem: (str(problem.file), problem.line))
    return Report(parsed, found, warnings)


def check_all(folder: Path = paths.CONTENT) -> list[Report]:
    """Check the English texts and every translation beside them, in that order."""
    first = check(folder)
    others = loader.translations_in(folder)
    return [first, *(check(other, folder, english=first.parsed) for other in others)]


def load_checked(folder: Path = paths.CONTENT) -> loader.Content:
    """Return the content of all languages when nothing is wrong with it; raises `ContentError` with every problem."""
    reports = check_all(folder)
    problems = list(dict.fromkeys(problem for report in reports for problem in report.problems))
    return loader.content_of([report.parsed for report in reports], problems)
