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

from valve_clinic.nlu import examples, featurizer, source_hash
from valve_clinic.nlu.encoder import DIMENSION, EncoderError
from valve_clinic.nlu.featurizer import CLAUSES, FROZEN, PARTS, TUNED, SentenceEncoderFeaturizer

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


def test_a_message_gets_its_sentence_vector_and_its_tuned_scores(component, encoder):
    (heard,) = component().process([message("how long is recovery")])
    (encoding,) = encoder.encode(["how long is recovery"])
    sequence, sentence = features(heard, FROZEN)
    assert sequence is None
    assert np.allclose(sentence, [encoding.vector], atol=1e-5)
    assert np.allclose(features(heard, TUNED)[1], [encoding.scores], atol=1e-4)


@pytest.mark.parametrize("text", ["how long is recovery after transcatheterization", "ok 🫀 \u2060 ok", "  hi  "])
def test_token_vectors_are_one_for_each_token_when_they_are_wanted(component, text):
    (heard,) = component(token_vectors=True).process([message(text)])
    sequence, sentence = features(heard, FROZEN)
    assert sequence.shape == (len(heard.get(TEXT_TOKENS)), DIMENSION)
    assert sentence.shape == (1, DIMENSION)


def test_a_tokens_vector_is_the_mean_of_its_word_pieces(component, encoder):
    text = "recovery after transcatheterization"
    (heard,) = component(token_vectors=True).process([message(text)])
    (encoding,) = encoder.encode([text])
    last = [index for index, (start, end) in enumerate(encoding.spans) if start >= 15 and end > start]
    assert len(last) > 1
    assert np.allclose(features(heard, FROZEN)[0][2], encoding.pieces[last].mean(axis=0), atol=1e-5)


def test_a_token_beyond_the_limit_has_a_vector_of_zeros(component):
    (heard,) = component(token_vectors=True).process([message("leak " * 300)])
    sequence, _ = features(heard, FROZEN)
    assert np.abs(sequence[0]).max() > 0
    assert np.abs(sequence[-1]).max() == 0


def test_a_message_without_text_gets_nothing(component):
    (heard,) = component().process([Message({INTENT: {"name": "ask_causes"}})])
    assert heard.features == []


def test_training_messages_get_the_vectors_that_the_same_messages_get_later(component):
    data = TrainingData([message("how long"), message("what is the clip, please"), Message({INTENT: "x"})])
    component().process_training_data(data)
    for trained in data.training_examples[:2]:
        (later,) = component().process([message(trained.get(TEXT))])
        assert np.abs(features(trained, FROZEN)[1] - features(later, FROZEN)[1]).max() < 1e-5


def test_the_questions_of_a_message_are_encoded_each(component, encoder):
    text = "How long is recovery? And will insurance pay?"
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    (heard,) = component().process([message(text, **{SPACY_DOCS[TEXT]: nlp(text)})])
    parts, encodings, _ = zip(*heard.get(PARTS), strict=True)
    assert [part.text for part in parts] == ["How long is recovery?", "And will insurance pay?"]
    assert np.allclose(encodings[1].vector, encoder.encode([parts[1].text])[0].vector, atol=1e-5)


def test_the_whole_text_never_shares_a_batch_with_its_parts(component, encoder):
    """Padded to the length of the whole, twenty short parts once took two seconds."""
    batches = []
    made = component()

    class Watched:
        def encode(self, texts):
            batches.append(list(texts))
            return encoder.encode(texts)

    made._encoder = Watched()
    text = "what is the clip and how does it work, " * 12
    made.process([message(text)])
    assert batches[0] == [text]
    assert text not in batches[1]
    assert len(batches) == 2


def test_the_clauses_of_a_long_message_are_encoded_for_triage(component):
    text = "I wanted to ask about the diet and the parking lot and my chest is killing me right now"
    (heard,) = component().process([message(text)])
    clauses = [clause.text for clause, _ in heard.get(CLAUSES)]
    assert clauses[-1] == "and my chest is killing me right now"
    assert all(clause in text for clause in clauses)


def test_a_message_that_is_one_question_has_no_parts(component):
    (heard,) = component().process([message("How long is recovery?")])
    assert heard.get(PARTS) == []


def test_training_puts_the_tuned_encoder_into_the_archive(tmp_path, encoder_files, monkeypatch):
    tuned = []

    def tune(texts, labels, flags, classes, config, target):
        tuned.append((texts, labels, flags.tolist(), classes, config["epochs"]))
        shutil.copyfile(encoder_files / "encoder.onnx", target)

    monkeypatch.setattr(featurizer.tuning, "tune", tune)
    storage, resource = LocalModelStorage.create(tmp_path), Resource("featurizer")
    trained = SentenceEncoderFeaturizer.create(DEFAULTS, storage, resource, None)
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
    assert tuned == [(["why", "how"], [1, 0], [[0, 1, 0], [0, 0, 1]], 2, DEFAULTS["epochs"])]
    loaded = SentenceEncoderFeaturizer.load(DEFAULTS, storage, resource, None)
    vectors = [features(one.process([message("hi")])[0], FROZEN)[1] for one in (trained, loaded)]
    assert np.array_equal(*vectors)


def test_an_archive_without_the_encoder_is_refused(tmp_path):
    storage = LocalModelStorage.create(tmp_path)
    with storage.write_to(Resource("featurizer")):
        pass
    with pytest.raises(EncoderError, match="cannot be loaded"):
        SentenceEncoderFeaturizer.load(DEFAULTS, storage, Resource("featurizer"), None)


def test_a_featurizer_that_was_neither_trained_nor_loaded_says_so():
    made = SentenceEncoderFeaturizer(DEFAULTS, None, None)
    with pytest.raises(EncoderError, match="before it was trained or loaded"):
        made.process([message("hi")])


def test_a_change_of_the_packages_code_changes_the_configuration():
    assert DEFAULTS["code"] == source_hash()
    assert len(source_hash()) == 16
