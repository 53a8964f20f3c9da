"""The trained model on a few words read alone: what means no danger must not look like one, and danger must."""

from __future__ import annotations

import pytest
from support import train

from valve_clinic import training
from valve_clinic.evaluation import predictions
from valve_clinic.safety import measure
from valve_clinic.safety.levels import SAFETY, Assessment, Level

#: Rasa's pinned dependencies warn about themselves when a model is loaded into this process.
pytestmark = pytest.mark.filterwarnings("ignore")

#: What answers a danger of each level, and the least share of it that must get that.
SERVED = {"act": ({Level.ACT, Level.CHECK}, 0.99), "crisis": ({Level.CRISIS}, 0.97)}
#: The largest share of harmless fragments that may get the text of an emergency or of a crisis.
FALSE = 0.02


@pytest.fixture(scope="module")
def levels() -> dict[str, dict[str, Level]]:
    train()
    found: dict[str, dict[str, Level]] = {}
    with predictions.parser(training.model_path()) as parse:
        for item in measure.read("fragments"):
            level = Assessment.from_dict(parse(item["text"])[SAFETY]).level
            found.setdefault(item["level"], {})[item["text"]] = level
    return found


@pytest.mark.parametrize("danger", SERVED)
def test_a_danger_in_a_few_words_is_recognised(danger: str, levels: dict[str, dict[str, Level]]) -> None:
    right, least = SERVED[danger]
    missed = {text: level.name for text, level in levels[danger].items() if level not in right}
    assert len(missed) <= (1 - least) * len(levels[danger]), missed


def test_what_is_said_in_the_middle_of_a_talk_is_no_danger(levels: dict[str, dict[str, Level]]) -> None:
    false = {text: level.name for text, level in levels["none"].items() if level in (Level.ACT, Level.CRISIS)}
    assert len(false) <= FALSE * len(levels["none"]), false
