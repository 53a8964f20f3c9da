"""No promise, no instruction on medicines, no decision for a reader."""

from __future__ import annotations

import re
from collections.abc import Iterator

from valve_clinic.content.house_rules import House
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem


def check(parsed: Parsed, house: House) -> Iterator[Problem]:
    """Try each pattern on its own examples, then on everything that a patient reads."""
    path = house.folder / "rules.yml"
    for index, item in enumerate(house.forbidden):
        pattern = re.compile(item.pattern, re.IGNORECASE)
        at: list[str | int] = ["forbidden", index]
        for example, key in [*((text, "must") for text in item.must), *((text, "must_not") for text in item.must_not)]:
            if bool(pattern.search(example)) != (key == "must"):
                what = "misses its own example" if key == "must" else "finds what it must not find"
                yield parsed.at(
                    path, [*at, key], f"{item.id} {what}: {example!r}", "correct the pattern or the example"
                )
        for text in parsed.texts():
            said = pattern.search(" ".join(text.text.split()))
            if said:
                yield parsed.in_topic(text.topic, text.location, f"{said[0]!r}: {item.reason}", item.advice)
