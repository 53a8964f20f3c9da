"""The featurizer as a component of Rasa: which features a message gets, and what the archive holds."""

from __future__ import annotations

import numpy as np
import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.constants import INTENT, TEXT, TEXT_TOKENS
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from valve_clinic.nlu.encoder import DIMENSION, EncoderError
from valve_clinic.nlu.featurizer import SentenceEncoderFeaturizer


def message(text, **more):
    tokens, at = [], 0
    for word in text.split():
        at = text.index(word, at)
        tokens.append(Token(word, at))
        at += len(word)
    return Message({TEXT: text, TEXT_TOKENS: tokens, **more})


@pytest.fixture
def component(encoder):
    def make(**config):
        made = SentenceEncoderFeaturizer({**SentenceEncoderFeaturizer.get_default_config(), **config}, None, None)
        made._encoder = encoder
        return made

    return make


def test_a_message_gets_its_sentence_vector_and_no_more(component, encoder):
    heard = component().process([message("how long is recovery")])[0]
    sequence, sentence = heard.get_dense_features(TEXT, [])
    assert sequence is None
    assert sentence.features.shape == (1, DIMENSION)
    assert np.allclose(sentence.features, encoder.encode(["how long is recovery"]), atol=1e-5)


@pytest.mark.parametrize("text", ["how long is recovery after transcatheterization", "ok 🫀 \u2060 ok", "  hi  "])
def test_token_vectors_are_one_for_each_token_when_they_are_wanted(component, text):
    heard = component(token_vectors=True).process([message(text)])[0]
    sequence, sentence = heard.get_dense_features(TEXT, [])
    assert sequence.features.shape == (len(heard.get(TEXT_TOKENS)), DIMENSION)
    assert sentence.features.shape == (1, DIMENSION)


def test_a_tokens_vector_is_the_mean_of_its_word_pieces(component, encoder):
    text = "recovery after transcatheterization"
    sequence, _ = component(token_vectors=True).process([message(text)])[0].get_dense_features(TEXT, [])
    _, pieces, spans = encoder.encode_with_tokens(text)
    last = [index for index, (start, end) in enumerate(spans) if start >= 15 and end > start]
    assert len(last) > 1
    assert np.allclose(sequence.features[2], pieces[last].mean(axis=0), atol=1e-5)


def test_a_token_beyond_the_limit_has_a_vector_of_zeros(component):
    heard = message("leak " * 300)
    sequence, _ = component(token_vectors=True).process([heard])[0].get_dense_features(TEXT, [])
    assert np.abs(sequence.features[0]).max() > 0
    assert np.abs(sequence.features[-1]).max() == 0


def test_a_message_without_text_gets_nothing(component):
    heard = Message({INTENT: {"name": "ask_causes"}})
    assert component().process([heard])[0].features == []


def test_training_messages_get_the_vectors_that_the_same_messages_get_later(component):
    data = TrainingData(
        [message("how long"), message("what is the clip, and how does it work"), Message({INTENT: "x"})]
    )
    component().process_training_data(data)
    for heard in data.training_examples[:2]:
        later = component().process([message(heard.get(TEXT))])[0]
        trained, now = (one.get_dense_features(TEXT, [])[1].features for one in (heard, later))
        assert np.abs(trained - now).max() < 1e-5


def test_the_archive_holds_the_encoder(tmp_path):
    storage, resource = LocalModelStorage.create(tmp_path), Resource("featurizer")
    config = SentenceEncoderFeaturizer.get_default_config()
    trained = SentenceEncoderFeaturizer.create(config, storage, resource, None)
    assert trained.train(TrainingData()) == resource
    loaded = SentenceEncoderFeaturizer.load(config, storage, resource, None)
    vectors = [one.process([message("hi")])[0].get_dense_features(TEXT, [])[1].features for one in (trained, loaded)]
    assert np.array_equal(*vectors)


def test_an_archive_without_the_encoder_is_refused(tmp_path):
    storage = LocalModelStorage.create(tmp_path)
    with storage.write_to(Resource("featurizer")):
        pass
    with pytest.raises(EncoderError, match="cannot be loaded"):
        SentenceEncoderFeaturizer.load(
            SentenceEncoderFeaturizer.get_default_config(), storage, Resource("featurizer"), None
        )


def test_a_featurizer_that_was_neither_trained_nor_loaded_says_so():
    made = SentenceEncoderFeaturizer(SentenceEncoderFeaturizer.get_default_config(), None, None)
    with pytest.raises(EncoderError, match="before it was trained or loaded"):
        made.process([message("hi")])


def test_a_change_of_the_packages_code_changes_the_configuration():
    from valve_clinic.nlu import source_hash

    assert SentenceEncoderFeaturizer.get_default_config()["code"] == source_hash()
    assert len(source_hash()) == 16
