"""Answers in the language of the visitor's side, which the channel names in the message's metadata."""

from __future__ import annotations

import pytest

from actions.answer import answer_topic
from actions.feedback import take_feedback
from valve_clinic.content import loader, schema
from valve_clinic.content.policy import Translations
from valve_clinic.content.store import ContentStore
from valve_clinic.database import make_engine

from ..conftest import SAMPLE_PHONE, sample_answer, sample_topic
from .conftest import Talk


@pytest.fixture
def store(tmp_path, sample_content: loader.Content) -> ContentStore:
    """The sample content with two Spanish drafts."""
    text = sample_answer("Llame al {phone}.", "clinic-01", "heart-01")
    for topic in (
        sample_topic("book_appointment", text, language="es", status="draft", handoff="appointment", link="unknown"),
        sample_topic("ask_causes", language="es", status="draft", title="¿Por qué?"),
    ):
        sample_content.translations[topic.key] = topic
    words = {"purpose": "pedir una cita", "have_ready": ["su tarjeta"]}
    sample_content.words["es"] = schema.ClinicWords.parse_obj(
        {
            "name": "Clínica",
            "phone_is_for": "citas",
            "links": {"unknown": "Otra página"},
            "handoffs": {"appointment": words},
        }
    )
    made = ContentStore(make_engine(f"sqlite:///{tmp_path}/es.db"), translations=Translations.DRAFTS)
    made.publish(sample_content)
    return made


def hear(talk: Talk, language: str | None) -> None:
    talk.hear("book_appointment")
    if language:
        talk.events[-1]["parse_data"]["metadata"] = {"language": language}


def test_a_spanish_visitor_gets_the_spanish_text_with_all_that_is_said_around_it(talk: Talk, store: ContentStore):
    hear(talk, "es")
    answer, handoff = talk.run(answer_topic, store)
    assert answer["text"] == (
        f"Llame al {SAMPLE_PHONE}.\n\nTambién de: Heart Group.\n\n"
        "No tengo la dirección web de «Otra página». Busque ese título en el sitio web de la clínica.\n\n"
        "Ningún traductor calificado ha firmado esta traducción."
    )
    assert (answer["custom"]["language"], answer["buttons"][0]["title"]) == ("es", "¿Por qué?")
    assert handoff["text"] == (
        f"Llame al {SAMPLE_PHONE} para pedir una cita.\n\nEs bueno tener a mano:\n- su tarjeta\n\n"
        "No sé el horario de la línea. Si no puede esperar, llame a su equipo médico. Si esa línea está cerrada, llame "
        "al número para fuera de horario que está en sus papeles. En una emergencia, llame al 911."
    )
    assert handoff["custom"]["links"][0]["title"] == "Llame a la Clínica"
    assert handoff["custom"]["language"] == "es"


@pytest.mark.parametrize("language", [None, "en", "fr"])
def test_everybody_else_gets_english_and_no_word_on_the_language(talk: Talk, store: ContentStore, language: str | None):
    hear(talk, language)
    answer, handoff = talk.run(answer_topic, store)
    assert answer["text"] == f"Call {SAMPLE_PHONE} for a visit."
    assert "language" not in answer["custom"]
    assert "language" not in handoff["custom"]


def test_buttons_after_feedback_are_in_the_language_too(talk: Talk, store: ContentStore):
    talk.hear("feedback_negative", ranking={"feedback_negative": 0.9, "ask_causes": 0.5})
    talk.events[-1]["parse_data"]["metadata"] = {"language": "es"}
    (message,) = talk.run(take_feedback, store)
    assert message["buttons"][-1]["payload"] == "/request_human"
