"""A text that cannot be filled in is refused when it is read, with file, line and mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from valve_clinic.content.problems import ContentError
from valve_clinic.handoff import texts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    copy = tmp_path / "texts.yml"
    copy.write_text(texts.TEXTS_FILE.read_text(encoding="utf-8"), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param("It opens {time}.", "It opens soon.", "closed: it must have {time}, and has none", id="lost"),
        pytest.param("the hours of the line.", "{x}.", "it must have nothing in braces, and has x", id="too much"),
        pytest.param("until {time}.", "until {time.", "the braces are not right", id="no brace"),
        pytest.param("until {time}.", "until {0}.", "has 0", id="a number"),
        pytest.param("call 911.", "call us.", "must name 911", id="no 911"),
        pytest.param("mon: Monday, ", "", "name each of mon", id="a day less"),
        pytest.param("America/Chicago:", "America/Nowhere:", "unknown time zone", id="unknown zone"),
        pytest.param("cannot_wait:", "can_wait:", "unknown key", id="misspelt key"),
        pytest.param(", December]", "]", "months: ensure this value has at least 12 items", id="a month less"),
        pytest.param("It may be closed on a holiday.", '" "', "at least 1 character", id="empty"),
    ],
)
def test_a_mistake_is_refused_at_its_line(file: Path, old: str, new: str, reason: str) -> None:
    before = file.read_text(encoding="utf-8")
    assert old in before
    file.write_text(before.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContentError) as caught:
        texts.load(file)
    lines = [number for number, line in enumerate(before.splitlines(), 1) if old in line]
    (problem,) = [one for one in caught.value.problems if reason in one.message]
    assert problem.line == lines[0] or "key" in reason
    assert problem.mend


def test_the_shipped_texts_are_right() -> None:
    assert texts.read().emergency
