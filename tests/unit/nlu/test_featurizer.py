"""The featurizer as a component of Rasa: which features a message gets, and what the archive holds."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import spacy
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.constants import SPACY_DOCS
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.constants import INTENT, METADATA, TEXT, TEXT_TOKENS
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from valve_clinic.nlu import encoder as encoders
from valve_clinic.nlu import examples, source_hash, teaching
from valve_clinic.nlu.encoder import DIMENSION, EncoderError
from valve_clinic.nlu.featurizer import CLAUSES, FLAGGED, PARTS, PUBLISHED, TUNED, SentenceEncoderFeaturizer

DEFAULTS = SentenceEncoderFeaturizer.get_default_config()


def message(text, **more):
    tokens, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        tokens.append(Token(word, at))
        at += len(word)
    return Message({TEXT: text, TEXT_TOKENS: tokens, **more})


def features(heard, origin):
    sequence, sentence = heard.get_dense_features(TEXT, [origin])
    return (sequence.features if sequence else None), (sentence.features if sentence else None)


@pytest.fixture
def component(encoder):
    def make(**config):
        made = SentenceEncoderFeaturizer({**DEFAULTS, **config}, None, None)
        made._encoder = encoder
        return made

    return make


def test_a_message_gets_its_tuned_scores_and_flags(component, encoder):
    (heard,) = component().process([message("how long is recovery")])
    (judgement,) = encoder.judge(encoder.read(["how long is recovery"])[0], [])
    assert np.allclose(features(heard, TUNED)[1], [judgement.scores], atol=1e-4)
    assert np.allclose(features(heard, FLAGGED)[1], [judgement.flags], atol=1e-4)
    assert features(heard, PUBLISHED) == (None, None)


@pytest.mark.parametrize("text", ["how long is recovery after transcatheterization", "ok 🫀 \u2060 ok", "  hi  "])
def test_published_vectors_are_there_when_they_are_wanted(component, encoder, text):
    (heard,) = component(sentence_vectors=True, token_vectors=True).process([message(text)])
    sequence, sentence = features(heard, PUBLISHED)
    assert sequence.shape == (len(heard.get(TEXT_TOKENS)), DIMENSION)
    assert np.allclose(sentence, encoder.vectors([text]), atol=1e-5)


def test_a_tokens_vector_is_the_mean_of_its_word_pieces(component, encoder):
    text = "recovery after transcatheterization"
    (heard,) = component(token_vectors=True).process([message(text)])
    (reading,) = encoder.read([text])
    last = [index for index, (start, end) in enumerate(reading.places) if start >= 15 and end > start]
    assert len(last) > 1
    assert np.allclose(features(heard, PUBLISHED)[0][2], encoder.tokens(reading)[last].mean(axis=0), atol=1e-5)


def test_a_token_beyond_the_limit_has_a_vector_of_zeros(component):
    (heard,) = component(token_vectors=True).process([message("leak " * 300)])
    sequence, _ = features(heard, PUBLISHED)
    assert np.abs(sequence[0]).max() > 0
    assert np.abs(sequence[-1]).max() == 0


def test_a_message_without_text_gets_nothing(component):
    (heard,) = component().process([Message({INTENT: {"name": "ask_causes"}})])
    assert heard.features == []


def test_training_messages_that_are_held_aside_get_the_scores_that_they_would_get_later(component):
    aside = next(text for text in map(str, range(1000)) if examples.is_held_aside(text))
    data = TrainingData([message("how long is it"), message(aside), Message({INTENT: "x"})])
    component(sentence_vectors=True).process_training_data(data)
    fitted, kept, _ = data.training_examples
    assert features(fitted, TUNED) == (None, None)
    (later,) = component().process([message(aside)])
    assert np.abs(features(kept, TUNED)[1] - features(later, TUNED)[1]).max() < 1e-4
    assert all(features(one, PUBLISHED)[1].shape == (1, DIMENSION) for one in (fitted, kept))


def test_the_questions_of_a_message_are_judged_each(component):
    text = "How long is recovery? And will insurance pay?"
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    (heard,) = component().process([message(text, **{SPACY_DOCS[TEXT]: nlp(text)})])
    parts, judgements = zip(*heard.get(PARTS), strict=True)
    assert [part.text for part in parts] == ["How long is recovery?", "And will insurance pay?"]
    assert len({int(np.argmax(judgement.scores)) for judgement in judgements}) == 2


def test_a_question_is_judged_as_the_mean_of_it_in_its_message_and_alone(component, encoder):
    text = "How long is recovery? And will insurance pay?"
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    (heard,) = component().process([message(text, **{SPACY_DOCS[TEXT]: nlp(text)})])
    first, judgement = heard.get(PARTS)[0]
    in_message = encoder.judge(encoder.read([text])[0], [(first.start, first.end)])[1].scores
    alone = encoder.judge(encoder.read([first.text])[0], [])[0].scores
    assert np.allclose(judgement.scores, (in_message + alone) / 2, atol=1e-4)


def test_a_message_is_read_once_and_its_questions_once_more(component, encoder):
    """Encoded in one batch padded to the whole text, twenty short parts once took two seconds."""
    read = []
    made = component()

    class Watched:
        def read(self, texts):
            read.append(list(texts))
            return encoder.read(texts)

        def judge(self, reading, spans):
            return encoder.judge(reading, spans)

    made._encoder = Watched()
    text = "what is the clip and how does it work, " * 12
    made.process([message(text)])
    assert read[0] == [text]
    assert len(read) == 2
    assert text not in read[1]


def test_the_clauses_of_a_long_message_are_judged_for_triage(component):
    text = "I wanted to ask about the diet and the parking lot and my chest is killing me right now"
    (heard,) = component().process([message(text)])
    clauses = [clause.text for clause, _ in heard.get(CLAUSES)]
    assert clauses[-1] == "and my chest is killing me right now"
    assert all(clause in text for clause in clauses)


def test_a_message_that_is_one_question_has_no_parts(component):
    (heard,) = component().process([message("How long is recovery?")])
    assert heard.get(PARTS) == []
    assert heard.get(CLAUSES) == []


def test_training_puts_the_tuned_encoder_into_the_archive(tmp_path, encoder_files, monkeypatch):
    tuned = []

    def tune(rows, layers, classes, config, tell):
        tuned.append((len(rows), len(layers), classes))
        tell(1, 1)
        return list(layers), (np.zeros((DIMENSION, classes + 3), np.float32), np.zeros(classes + 3, np.float32))

    monkeypatch.setattr(teaching.tuning, "tune", tune)
    storage, resource = LocalModelStorage.create(tmp_path), Resource("featurizer")
    trained = SentenceEncoderFeaturizer.create(
        {**DEFAULTS, "pair_share": 0.0, "follow_ups": ""}, storage, resource, None
    )
    aside = next(text for text in map(str, range(1000)) if examples.is_held_aside(text))
    data = TrainingData(
        [
            message("why", **{INTENT: "report_crisis"}),
            message("how", **{INTENT: "a", METADATA: {"intent": {"level": "same_day"}}}),
            message(aside, **{INTENT: "a"}),
            Message({TEXT: "", INTENT: "a"}),
        ]
    )
    assert trained.train(data) == resource
    assert tuned == [(2, DEFAULTS["tuned_layers"], 2)]
    loaded = SentenceEncoderFeaturizer.load(DEFAULTS, storage, resource, None)
    scores = [features(one.process([message("hi")])[0], TUNED)[1] for one in (trained, loaded)]
    assert np.array_equal(*scores)
    assert np.allclose(scores[0], np.log(0.5), atol=1e-5)


def test_training_without_its_packages_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    monkeypatch.delitem(__import__("sys").modules, "valve_clinic.nlu.graph", raising=False)
    monkeypatch.delattr("valve_clinic.nlu.graph", raising=False)
    with pytest.raises(EncoderError, match="training needs the group `convert`"):
        encoders.write_published(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_archive_without_the_tuned_graph_is_refused(tmp_path, encoder_files):
    storage = LocalModelStorage.create(tmp_path)
    with storage.write_to(Resource("featurizer")) as folder:
        for name in (encoders.EMBEDDINGS, encoders.TOKENIZER):
            shutil.copyfile(encoder_files / name, folder / name)
    with pytest.raises(EncoderError, match=r"cannot be loaded from .*tuned\.onnx"):
        SentenceEncoderFeaturizer.load(DEFAULTS, storage, Resource("featurizer"), None)


def test_a_featurizer_that_was_neither_trained_nor_loaded_says_so():
    made = SentenceEncoderFeaturizer(DEFAULTS, None, None)
    with pytest.raises(EncoderError, match="before it was trained or loaded"):
        made.process([message("hi")])


def test_a_change_of_the_packages_code_changes_the_configuration():
    assert DEFAULTS["code"] == source_hash()
    assert len(source_hash()) == 16
