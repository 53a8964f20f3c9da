"""The linear model: the same data give the same model, and what is kept is what was fitted."""

from __future__ import annotations

import json

import numpy as np
import pytest

from valve_clinic.nlu import linear
from valve_clinic.nlu.classifier import TfidfDenseClassifier
from valve_clinic.nlu.linear import LinearModel, fit, log_softmax, normalise

EXAMPLES = {
    "ask_recovery_time": ["how long is recovery", "how long does recovery take", "how many weeks until recovery"],
    "ask_causes": ["why does the valve leak", "what makes the valve leak", "why do I have a leak"],
    "greet": ["hello there", "hello to you", "good morning and hello"],
}
TEXTS = [text for texts in EXAMPLES.values() for text in texts]
LABELS = [label for label, texts in EXAMPLES.items() for _ in texts]
CONFIG = {**TfidfDenseClassifier.get_default_config(), "sparse_dimensions": 5}
#: The first flag is that of the greetings; no message has the second.
FLAGS = np.array([[float(label == "greet"), 0.0] for label in LABELS])


@pytest.fixture(scope="module")
def model():
    return fit(TEXTS, LABELS, FLAGS, CONFIG)


def probabilities(model, texts=TEXTS):
    return np.vstack([np.exp(model.scores(text)[0]) for text in texts])


def test_the_same_data_give_the_same_model(model):
    assert np.array_equal(probabilities(fit(TEXTS, LABELS, FLAGS, CONFIG)), probabilities(model))


def test_probabilities_sum_to_one_and_the_training_messages_are_known(model):
    found = probabilities(model)
    assert np.allclose(found.sum(axis=1), 1.0, atol=1e-5)
    assert [model.classes[row.argmax()] for row in found] == LABELS


def test_a_model_that_was_kept_gives_the_same_probabilities(model, tmp_path):
    model.write(tmp_path)
    again = LinearModel.read(tmp_path)
    assert again.classes == model.classes
    assert np.allclose(probabilities(again), probabilities(model), atol=1e-6)


def test_what_is_kept_is_no_pickle(model, tmp_path):
    model.write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["linear.json", "linear.npz"]
    assert sorted(json.loads((tmp_path / "linear.json").read_text())) == ["classes", "words"]
    with np.load(tmp_path / "linear.npz", allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays} == {"f"}


@pytest.mark.parametrize("name", ["linear.json", "linear.npz"])
@pytest.mark.parametrize("rest", [None, b"", b"{"])
def test_a_model_that_is_not_whole_is_refused(model, tmp_path, name, rest):
    model.write(tmp_path)
    (tmp_path / name).unlink() if rest is None else (tmp_path / name).write_bytes(rest)
    with pytest.raises((OSError, ValueError, EOFError)):
        LinearModel.read(tmp_path)


def test_folded_weights_are_those_of_the_condensed_model(monkeypatch):
    """Fit with so many dimensions that nothing is lost: then counting n-grams and condensing must agree."""
    fitted = []

    class Kept(linear.LogisticRegression):
        def fit(self, features, labels):
            fitted.append((self, features))
            return super().fit(features, labels)

    monkeypatch.setattr(linear, "LogisticRegression", Kept)
    model = fit(TEXTS, LABELS, FLAGS, CONFIG)
    (regression, features), _flag = fitted
    assert np.allclose(probabilities(model), regression.predict_proba(features), atol=1e-4)


@pytest.mark.parametrize("text", ["xyzzy 🫀", ""])
def test_words_that_were_never_seen_leave_the_intercept_to_decide(model, text):
    found = np.exp(model.scores(text)[0])
    assert found.sum() == pytest.approx(1.0, abs=1e-5)
    assert found.max() < 0.6


@pytest.mark.parametrize("text", [*TEXTS, "hello hello hello, how long is the leak", "xyzzy"])
def test_n_grams_are_counted_as_scikit_learn_counts_them(model, text):
    counted = [counter.transform([normalise(text)]) for counter in model._counters]
    wanted = model._intercept.copy()
    start = 0
    for row in counted:
        wanted += row.toarray()[0] @ model._weights[start : start + row.shape[1]]
        start += row.shape[1]
    classes, flags = model.scores(text)
    known = len(model.classes)
    assert np.allclose(classes, log_softmax(wanted[:known]), atol=1e-4)
    assert np.allclose(flags, wanted[known:], atol=1e-4)


def test_case_and_blanks_do_not_matter(model):
    plain, loud = (model.scores(text)[0] for text in ("how long", "  HOW\t\n Long "))
    assert np.array_equal(plain, loud)


@pytest.mark.parametrize(
    ("text", "seen"),
    [("  How  LONG\n", "how long"), ("", ""), ("x" * 500, "x" * 400), ("ÄÖ é", "äö é")],
)
def test_a_text_is_normalised(text, seen):
    assert normalise(text) == seen


def test_a_flag_is_told_apart_and_one_that_no_message_has_is_never_seen(model):
    odds = np.vstack([model.scores(text)[1] for text in TEXTS])
    assert (odds[:, 0] > 0).tolist() == (FLAGS[:, 0] > 0).tolist()
    assert (odds[:, 1] < -5).all()


def test_log_softmax_is_the_logarithm_of_probabilities_that_sum_to_one():
    found = np.exp(log_softmax(np.array([[1000.0, 0.0, -5.0], [0.0, 0.0, 0.0]])))
    assert np.allclose(found.sum(axis=1), 1.0)
    assert np.allclose(found[1], 1 / 3)
