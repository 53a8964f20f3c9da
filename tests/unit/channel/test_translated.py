"""The domain's fixed texts in Spanish: whole, only where they may be served, and for danger always."""

from __future__ import annotations

import pytest
import yaml

from valve_clinic import paths
from valve_clinic.channel import translated
from valve_clinic.content import responses
from valve_clinic.content.policy import Translations


@pytest.fixture
def drafts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENT_TRANSLATIONS", "drafts")


def fixed(name: str) -> dict:
    domain = yaml.safe_load(paths.DOMAIN_FILE.read_text(encoding="utf-8"))
    return {**domain["responses"][name][0], "utter_action": name}


@pytest.mark.usefixtures("drafts")
def test_the_welcome_is_in_spanish_with_the_same_buttons_behind_spanish_words() -> None:
    (message,) = translated.all_of([fixed("utter_welcome")], "es")
    original = fixed("utter_welcome")
    assert message["text"].startswith("Hola. Soy el chat automático")
    assert [button["payload"] for button in message["buttons"]] == [b["payload"] for b in original["buttons"]]
    assert message["buttons"][-1]["title"] == "¿Cómo pido una cita?"
    assert message["custom"] == {**original["custom"], "links": [], "language": "es"}


@pytest.mark.usefixtures("drafts")
def test_a_question_typed_in_spanish_is_answered_with_buttons_and_the_clinics_number() -> None:
    (message,) = translated.all_of([fixed("utter_other_language")], "es")
    assert "501.552.3400" in message["text"]
    assert "Solo puedo contestar en inglés" not in message["text"]
    assert message["buttons"][0]["payload"] == "/ask_capabilities"
    assert message["custom"]["links"] == [{"title": "Llamar a la Clínica de Válvulas", "url": "tel:+15015523400"}]


@pytest.mark.usefixtures("drafts")
def test_the_same_payload_has_other_words_in_another_response() -> None:
    (check,) = translated.all_of([fixed("utter_check")], "es")
    assert [button["title"] for button in check["buttons"]] == ["Está pasando ahora", "No, pregunto en general"]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.usefixtures("drafts")
def test_other_languages_are_left_as_they_are(language: str) -> None:
    message = fixed("utter_welcome")
    assert translated.all_of([message], language) == [message]


def test_a_draft_is_not_served_unless_the_operator_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTENT_TRANSLATIONS", raising=False)
    message = fixed("utter_welcome")
    assert translated.all_of([message], "es") == [message]
    assert responses.served("es", Translations.PUBLISHED) is None


@pytest.mark.parametrize(
    ("name", "spanish"), [("utter_emergency", "utter_emergency_es"), ("utter_crisis", "utter_crisis_es")]
)
def test_a_pressed_button_gets_the_spanish_text_for_danger_whatever_is_served(
    monkeypatch: pytest.MonkeyPatch, name: str, spanish: str
) -> None:
    monkeypatch.delenv("CONTENT_TRANSLATIONS", raising=False)
    (message,) = translated.all_of([fixed(name)], "es", pressed=True)
    assert message["text"] == fixed(spanish)["text"]
    assert message["custom"]["links"] == fixed(name)["custom"]["links"]
    (typed,) = translated.all_of([fixed(name)], "es")
    assert typed == fixed(name)


def test_every_fixed_text_that_is_not_for_danger_has_spanish_words() -> None:
    domain = yaml.safe_load(paths.DOMAIN_FILE.read_text(encoding="utf-8"))["responses"]
    words = responses.served("es", Translations.DRAFTS)
    assert words is not None
    danger = {name for name in domain if name.startswith(("utter_emergency", "utter_crisis"))} - {
        "utter_emergency_still"
    }
    assert set(domain) - danger == set(words.texts)
