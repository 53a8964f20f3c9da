"""The spaCy pipeline is what the look-up lists say."""

from __future__ import annotations

import pytest
import spacy

from valve_clinic.nlu import language
from valve_clinic.nlu.language import VocabularyError

VOCABULARY = """\
nlu:
- lookup: procedure
  examples: |
    - mitro clip
    - Surgery
- synonym: mitraclip
  examples: |
    - never a phrase
- lookup: severity
  examples: |
    - severe
- intent: greet
  examples: |
    - hello
"""


@pytest.fixture
def vocabulary(tmp_path):
    path = tmp_path / "nlu.yml"
    path.write_text(VOCABULARY)
    return path


@pytest.fixture(scope="module")
def committed():
    return spacy.load(language.LANGUAGE_DIR)


def found(nlp, text):
    return [(entity.text, entity.label_) for entity in nlp(text).ents]


def test_only_look_up_lists_make_the_vocabulary(vocabulary):
    assert language.read_vocabulary(vocabulary) == {
        "mitro clip": "procedure",
        "surgery": "procedure",
        "severe": "severity",
    }


def test_a_pipeline_that_was_built_knows_its_phrases_in_any_case(tmp_path, vocabulary):
    assert language.build(tmp_path / "built", vocabulary) == 3
    nlp = spacy.load(tmp_path / "built")
    assert found(nlp, "A SEVERE leak, then Mitro Clip.") == [("SEVERE", "severity"), ("Mitro Clip", "procedure")]
    assert len(list(nlp("One. Two.").sents)) == 2


def test_building_again_replaces_what_is_there(tmp_path, vocabulary):
    target = tmp_path / "built"
    language.build(target, vocabulary)
    (target / "left_over").write_text("old")
    vocabulary.write_text(VOCABULARY.replace("- mitro clip", "- mitra clip"))
    language.build(target, vocabulary)
    assert not (target / "left_over").exists()
    assert found(spacy.load(target), "mitro clip and mitra clip") == [("mitra clip", "procedure")]


def test_a_pipeline_is_current_until_the_lists_change(tmp_path, vocabulary):
    target = tmp_path / "built"
    assert not language.is_current(target, vocabulary)
    language.build(target, vocabulary)
    assert language.is_current(target, vocabulary)
    vocabulary.write_text(VOCABULARY.replace("hello", "hi"))
    assert language.is_current(target, vocabulary), "messages do not matter"
    vocabulary.write_text(VOCABULARY.replace("- severe", "- severe\n    - bad"))
    assert not language.is_current(target, vocabulary)


def test_a_phrase_under_two_entities_is_refused_by_name(tmp_path, vocabulary):
    vocabulary.write_text(VOCABULARY.replace("- severe", "- surgery"))
    with pytest.raises(VocabularyError, match="nlu.yml: 'surgery' stands under procedure and under severity"):
        language.build(tmp_path / "built", vocabulary)
    assert not (tmp_path / "built").exists()


def test_the_committed_pipeline_is_current():
    assert language.is_current(), "run `valve-clinic language build`"


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("mitro clip", ("mitro clip", "procedure")),
        ("is the MitraClip safe", ("MitraClip", "procedure")),
        ("open heart surgery?", ("open heart surgery", "procedure")),
        ("after surgery", ("surgery", "procedure")),
        ("a severe leak", ("severe", "severity")),
    ],
)
def test_the_committed_pipeline_knows_what_patients_say(committed, text, entity):
    assert entity in found(committed, text)


def test_ordinary_words_are_no_vocabulary(committed):
    assert found(committed, "hello, may I ask a question about parking?") == []
