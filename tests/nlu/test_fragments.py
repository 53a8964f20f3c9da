"""The trained model on fragments and on refusals: what means no danger must not look like one, and danger must."""

from __future__ import annotations

from typing import Any

import pytest

from valve_clinic.safety import measure
from valve_clinic.safety.levels import SAFETY, Assessment, Level

#: Rasa's pinned dependencies warn about themselves when a model is loaded into this process.
pytestmark = pytest.mark.filterwarnings("ignore")

#: What answers a danger of each level, and the least share of it that must get that.
SERVED = {"act": ({Level.ACT, Level.CHECK}, 0.99), "crisis": ({Level.CRISIS}, 0.97)}
#: The files, with the largest share of their harmless messages that may get the text of an emergency or of a crisis.
FALSE = {"fragments": 0.02, "refusals": 0.15}
DANGERS = [("fragments", "act"), ("fragments", "crisis"), ("refusals", "crisis")]
Levels = dict[tuple[str, str], dict[str, Level]]


@pytest.fixture(scope="module")
def levels(parse: Any) -> Levels:
    found: Levels = {}
    for name in FALSE:
        for item in measure.read(name):
            level = Assessment.from_dict(parse(item["text"])[SAFETY]).level
            found.setdefault((name, item["level"]), {})[item["text"]] = level
    return found


def test_every_message_has_a_level_that_is_looked_at(levels: Levels) -> None:
    assert set(levels) == {*DANGERS, *((name, "none") for name in FALSE)}


@pytest.mark.parametrize(("name", "danger"), DANGERS)
def test_a_danger_is_recognised(name: str, danger: str, levels: Levels) -> None:
    right, least = SERVED[danger]
    missed = {text: level.name for text, level in levels[name, danger].items() if level not in right}
    assert len(missed) <= (1 - least) * len(levels[name, danger]), missed


@pytest.mark.parametrize(("name", "share"), FALSE.items())
def test_what_means_no_danger_does_not_look_like_one(name: str, share: float, levels: Levels) -> None:
    harmless = levels[name, "none"]
    false = {text: level.name for text, level in harmless.items() if level in (Level.ACT, Level.CRISIS)}
    assert len(false) <= share * len(harmless), false
