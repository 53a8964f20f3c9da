"""The Spanish texts: compared with the English ones, measured, and served only where they may be."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from valve_clinic import cli, paths, settings
from valve_clinic.content import json_schema, loader, policy, schema
from valve_clinic.content.policy import Translations
from valve_clinic.content.rules import parity, reading
from valve_clinic.content.rules.spanish_ease import ease, syllables
from valve_clinic.content.store import ContentStore
from valve_clinic.database import make_engine

from ..conftest import sample_answer, sample_topic


def test_every_topic_has_a_spanish_draft_that_claims_no_review(real_content: loader.Content) -> None:
    assert {topic.id for topic in real_content.translations.values()} == set(real_content.topics)
    assert {topic.status for topic in real_content.translations.values()} == {"draft"}
    assert {topic.reviewed for topic in real_content.translations.values()} == {None}
    assert set(real_content.words) == {"es"}


def test_the_spanish_texts_are_in_spanish(real_content: loader.Content) -> None:
    for topic in real_content.translations.values():
        original = real_content.topics[topic.id]
        assert topic.title != original.title
        for answer, english in zip(topic.answers, original.answers, strict=True):
            said = set(answer.text.lower().split())
            assert len(said & {"el", "la", "de", "que", "una", "su"}) >= 4, topic.id
            assert not {part.text for part in answer.paragraphs} & {part.text for part in english.paragraphs}


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "ask_recovery_time.yml",
            "en 2 a 3 días. Su",
            "en 1 a 3 días. Su",
            "the numbers are 1, 3; the English text has 2, 3",
        ),
        ("book_appointment.yml", "llame al {phone}. Nuestra", "llame. Nuestra", "the English text has {phone}"),
        ("ask_risks.yml", "- variant: {procedure: surgery}", "- variant: {severity: mild}", "the texts are for"),
        ("ask_risks.yml", "followups: [ask_mitraclip_vs_surgery", "followups: [ask_results", "followups differs"),
        ("find_provider.yml", "link: find_provider", "link: null", "link differs"),
        ("ask_risks.yml", "language: es", "language: en", "the language is en; the folder is es"),
        (
            "ask_treatment_options.yml",
            "      sources: [when_to_treat-08]\n",
            "      sources: [results-05]\n",
            "the facts are",
        ),
        ("clinic.yml", "    - una lista de sus medicinas\n", "", "3 things to have ready; the English file has 4"),
    ],
)
def test_a_translation_that_says_something_else_is_refused(
    folder: Path, file: str, old: str, new: str, said: str
) -> None:
    path = folder / "es" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    english = loader.parse(folder)
    problems = list(parity.check(loader.parse(folder / "es", folder, english), english))
    assert [problem.file for problem in problems if said in problem.message] == [path], list(map(str, problems))
    assert all(problem.line > 1 and problem.mend for problem in problems if problem.file == path)


def test_a_topic_without_a_translation_is_named(folder: Path) -> None:
    (folder / "es" / "ask_risks.yml").unlink()
    english = loader.parse(folder)
    messages = [str(item) for item in parity.check(loader.parse(folder / "es", folder, english), english)]
    assert [message for message in messages if "the topic ask_risks has no translation" in message]


@pytest.mark.parametrize(
    ("word", "count"),
    [("una", 2), ("día", 2), ("aire", 2), ("corazón", 3), ("cirugía", 4), ("que", 1), ("siguen", 2), ("médico", 3)],
)
def test_syllables_are_those_of_spanish_spelling(word: str, count: int) -> None:
    assert syllables(word) == count


def test_short_words_and_sentences_are_easier_than_long_ones() -> None:
    assert ease("Llame a su médico. Él le dirá qué hacer.") > 80
    assert ease("La hospitalización postoperatoria multidisciplinaria requiere consideraciones individualizadas.") < 20


def test_every_spanish_text_is_quite_easy(real_content: loader.Content) -> None:
    assert real_content.parsed is not None
    parsed = loader.parse(paths.CONTENT / "es", paths.CONTENT, real_content.parsed)
    figures = list(reading.figures(parsed))
    assert len(figures) == 64
    assert min(min(item.grade, item.short_grade) for item in figures) >= 65


#: Files beside the topics, and the schemas that they fit.
KINDS = {"rules": "language_rules", "clinic": "clinic_words", "terms": "terms", "required": "required"}


def test_every_spanish_file_names_its_schema_and_fits_it() -> None:
    schemas = {name: json.loads(text) for name, text in json_schema.texts().items()}
    for path in (paths.CONTENT / "es").glob("*.yml"):
        text = path.read_text(encoding="utf-8")
        name = f"{KINDS.get(path.stem, path.stem if path.stem == 'responses' else 'topic')}.schema.json"
        assert text.splitlines()[0] == f"# yaml-language-server: $schema=../schema/{name}"
        jsonschema.validate(yaml.safe_load(text), schemas[name])


@pytest.fixture
def translated(sample_content: loader.Content) -> loader.Content:
    """The sample content with two topics in Spanish: one published, one a draft."""
    causes = sample_topic("ask_causes", sample_answer("Las causas.", "clinic-01"), title="¿Por qué?", language="es")
    clip = sample_topic("ask_mitraclip", sample_answer("El clip pequeño.", "clinic-01"), language="es", status="draft")
    sample_content.translations.update({topic.key: topic for topic in (causes, clip)})
    words = {"purpose": "llamar", "have_ready": ["su pregunta"]}
    sample_content.words["es"] = schema.ClinicWords.parse_obj(
        {"name": "Clínica", "phone_is_for": "citas", "links": {}, "handoffs": {"general": words}}
    )
    return sample_content


def served(tmp_path: Path, content: loader.Content, translations: Translations) -> ContentStore:
    store = ContentStore(make_engine(f"sqlite:///{tmp_path}/es.db"), translations=translations)
    store.publish(content)
    return store


def test_english_is_served_to_whoever_does_not_ask_for_another_language(
    tmp_path: Path, translated: loader.Content
) -> None:
    store = served(tmp_path, translated, Translations.DRAFTS)
    for edition in (store.current(), store.current().speaking("en"), store.current().speaking("fr")):
        answer = edition.answer("ask_causes")
        assert answer is not None
        assert (answer.text, answer.language, edition.clinic().name) == ("Causes of it.", "en", "Sample Clinic")


def test_a_published_translation_is_served_and_a_draft_stays_english(
    tmp_path: Path, translated: loader.Content
) -> None:
    edition = served(tmp_path, translated, Translations.PUBLISHED).current().speaking("es")
    causes, clip = edition.answer("ask_causes"), edition.answer("ask_mitraclip")
    assert causes is not None
    assert clip is not None
    assert (causes.text, causes.language, causes.unsigned) == ("Las causas.", "es", False)
    assert (clip.language, edition.titles()["ask_causes"]) == ("en", "¿Por qué?")
    assert edition.clinic().name == "Clínica"
    assert edition.clinic().handoffs["general"].purpose == "llamar"
    assert edition.clinic().handoffs["appointment"].purpose == "make an appointment"


def test_a_draft_is_served_where_the_operator_says_so_and_known_as_one(
    tmp_path: Path, translated: loader.Content
) -> None:
    clip = served(tmp_path, translated, Translations.DRAFTS).current().speaking("es").answer("ask_mitraclip")
    assert clip is not None
    assert (clip.text, clip.unsigned) == ("El clip pequeño.", True)


def test_a_translation_has_revisions_of_its_own(tmp_path: Path, translated: loader.Content) -> None:
    store = served(tmp_path, translated, Translations.PUBLISHED)
    (revision,) = store.history.of_topic("es/ask_causes")
    assert (revision.topic, revision.content["language"], revision.is_served) == ("es/ask_causes", "es", True)
    assert store.publish(translated) is None


def test_another_value_of_the_setting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTENT_TRANSLATIONS", "all")
    with pytest.raises(settings.SettingError, match="CONTENT_TRANSLATIONS must be published or drafts, not 'all'"):
        policy.translations_from_settings()


def test_a_preview_of_a_translation_is_in_its_language_with_its_ease(tmp_path: Path, quick_reading: None) -> None:
    out = tmp_path / "page.html"
    done = CliRunner().invoke(cli.main, ["content", "preview", "ask_risks", "--language", "es", "--out", str(out)])
    assert done.exit_code == 0, done.output
    page = out.read_text(encoding="utf-8")
    assert '<html lang="es">' in page
    assert "(INFLESZ)" in page
    done = CliRunner().invoke(cli.main, ["content", "preview", "ask_risks", "--language", "fr"])
    assert (done.exit_code, "there is no translation 'fr'; there is: es" in done.stderr) == (1, True)
