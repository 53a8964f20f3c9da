"""What is said around an answer, by language."""

from __future__ import annotations

import pytest

from valve_clinic.dialogue import phrases


def test_every_language_says_all_phrases_with_the_same_places() -> None:
    table = phrases.phrases()
    assert {language: set(words) for language, words in table.items()} == {
        language: set(table["en"]) for language in ("en", "es")
    }


def test_a_language_without_phrases_is_english() -> None:
    assert phrases.phrase("call_clinic", "fr", name="Valve Clinic") == "Call the Valve Clinic"
    assert phrases.phrase("call", "es", phone="1", purpose="x") == "Llame al 1 para x."


def test_a_phrase_that_loses_a_place_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {"en": {"call": "Call {phone}."}, "es": {"call": "Llame."}}
    monkeypatch.setattr(phrases.yaml, "safe_load", lambda text: table)
    with pytest.raises(ValueError, match=r"es\.call must have the places of the English phrase"):
        phrases.phrases.__wrapped__()
