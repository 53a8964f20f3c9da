"""What of a request may be kept: the parse and the address of a link."""

from __future__ import annotations

import json

import pytest

from valve_clinic.privacy import kept

TEXT = "my name is Rosalind Okafor, what is mitraclip and what are the risks"


def test_a_parse_holds_the_masked_text_alone_and_understands_the_same():
    parsed = {
        "text": TEXT,
        "intent": {"name": "ask_mitraclip", "confidence": 0.9},
        "entities": [{"entity": "procedure", "value": "mitraclip", "start": 36, "end": 45}],
        "questions": [{"intent": "ask_mitraclip", "text": TEXT[:45], "start": 0, "end": 45}],
    }
    protected = kept.parse_of(parsed, TEXT)
    assert "Rosalind" not in json.dumps(protected)
    assert "Okafor" not in json.dumps(protected)
    assert protected["text"] == "my name is [name], what is mitraclip and what are the risks"
    assert (protected["intent"], protected["entities"]) == (parsed["intent"], parsed["entities"])
    assert parsed["text"] == TEXT, "what was given is not changed"


def test_a_harmless_parse_is_the_same_object():
    parsed = {"text": "what is mitraclip"}
    assert kept.parse_of(parsed, "what is mitraclip") is parsed
    assert kept.parse_of(None, TEXT) is None


@pytest.mark.parametrize(
    ("target", "stored"),
    [
        ("tel:+15015523400", "tel:+15015523400"),
        ("tel:911", "tel:911"),
        ("sms:988", "sms:988"),
        ("tel:+15015550123", "tel:[phone]"),
        ("https://www.ahajournals.org/doi/10.1161/CIR.0000000000000923", None),
        ("https://example.org/page?name=Rosalind+Okafor#x", "https://example.org/page"),
        ("https://jane:secret@example.org/a", "https://example.org/a"),
        ("/u/jane.doe@example.org", "/[private]"),
    ],
)
def test_a_target_is_kept_without_what_tells_who_somebody_is(target, stored):
    assert kept.target_of(target) == (stored or target)
