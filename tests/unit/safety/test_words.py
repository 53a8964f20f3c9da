"""How a message is read before signs are looked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valve_clinic.safety import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I CAN'T breathe", ["i", "cant", "breathe"]),
        ("can\u2019t", ["cant"]),
        ("heeeeelp meee", ["help", "me"]),
        ("no. yes!", ["no", "|", "yes", "|"]),
        ("dolor en el coraz\u00f3n", ["dolor", "en", "el", "corazon"]),
        ("\u0441\u0440e\u0455t", ["cpest"]),
        ("\uff43\uff48\uff45\uff53\uff54", ["chest"]),
        ("💔 now", ["💔", "now"]),
        ("", []),
    ],
)
def test_words_are_read_without_case_apostrophes_or_disguise(text: str, expected: list[str]) -> None:
    assert words.normalise(text) == expected


@given(st.text(max_size=200))
def test_places_are_inside_the_text_and_in_order(text: str) -> None:
    last = 0
    for word in words.read(text):
        assert last <= word.start < word.end <= len(text)
        last = word.end
