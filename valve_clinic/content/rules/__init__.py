"""The rules of the answers, one subject a file.

A rule is a function of the parsed files that returns problems. Those of `INTEGRITY` hold whenever content is read: the
server needs them to serve. Those of `EDITORIAL` hold before content is published: how a text may read and what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem
from valve_clinic.content.rules import length, plain_text, references, titles

Rule = Callable[[Parsed], Iterator[Problem]]
INTEGRITY: tuple[Rule, ...] = (references.check, titles.check, length.check, plain_text.check)


def check_integrity(parsed: Parsed) -> list[Problem]:
    """Return what the server could not serve."""
    return [problem for rule in INTEGRITY for problem in rule(parsed)]
