"""Which language a message is in."""

from __future__ import annotations

import pytest

from valve_clinic.safety import languages


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("me duele el pecho", "es"),
        ("¿cuánto cuesta la cirugía?", "es"),
        ("hola, necesito una cita", "es"),
        ("no puedo respirar", "es"),
        ("ما هو علاج القلب", "other"),
        ("wie lange dauert das nach der Operation", "other"),
        ("combien de jours pour le retour", "other"),
        ("how long is recovery after surgery", "en"),
        ("tell me about mitral valve prolapse", "en"),
        ("family doctor near me", "en"),
        ("mi", "en"),
        ("MR", "en"),
        ("💔", "en"),
        ("", "en"),
    ],
)
def test_the_language_of(text: str, expected: str) -> None:
    assert languages.of(text) == expected
