"""The classifier: the same data give the same model, and what is kept is what was fitted."""

from __future__ import annotations

import json

import numpy as np
import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from valve_clinic.nlu import classifier
from valve_clinic.nlu.classifier import QUESTIONS, LinearModel, TfidfDenseClassifier, fit, normalise
from valve_clinic.nlu.featurizer import FROZEN, PARTS, TUNED

EXAMPLES = {
    "ask_recovery_time": ["how long is recovery", "how long does recovery take", "how many weeks until recovery"],
    "ask_causes": ["why does the valve leak", "what makes the valve leak", "why do I have a leak"],
    "greet": ["hello there", "hello to you", "good morning and hello"],
}
TEXTS = [text for texts in EXAMPLES.values() for text in texts]
LABELS = [label for label, texts in EXAMPLES.items() for _ in texts]
CONFIG = {**TfidfDenseClassifier.get_default_config(), "sparse_dimensions": 5}
DENSE = np.random.default_rng(7).normal(size=(len(TEXTS), 384)).astype(np.float32) / 20

#: Scores of a tuned branch that cannot tell.
EVEN = np.log(np.full(3, 1 / 3))


@pytest.fixture(scope="module")
def model():
    return fit(TEXTS, DENSE, LABELS, CONFIG)


def probabilities(model, texts=TEXTS):
    return np.vstack([model.probabilities(text, vector) for text, vector in zip(texts, DENSE, strict=True)])


def message(text, vector, intent=None, scores=None, parts=()):
    made = Message({TEXT: text, PARTS: list(parts), **({INTENT: intent} if intent else {})})
    made.add_features(Features(np.atleast_2d(vector), FEATURE_TYPE_SENTENCE, TEXT, FROZEN))
    if scores is not None:
        made.add_features(Features(np.atleast_2d(scores), FEATURE_TYPE_SENTENCE, TEXT, TUNED))
    return made


def test_the_same_data_give_the_same_model(model):
    assert np.array_equal(probabilities(fit(TEXTS, DENSE, LABELS, CONFIG)), probabilities(model))


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
    assert sorted(path.name for path in tmp_path.iterdir()) == ["classifier.json", "classifier.npz"]
    assert sorted(json.loads((tmp_path / "classifier.json").read_text())) == ["classes", "words"]
    with np.load(tmp_path / "classifier.npz", allow_pickle=False) as arrays:
        assert {arrays[name].dtype.kind for name in arrays} == {"f"}


@pytest.mark.parametrize("name", ["classifier.json", "classifier.npz"])
@pytest.mark.parametrize("rest", [None, b"", b"{"])
def test_a_model_that_is_not_whole_is_refused(model, tmp_path, name, rest):
    model.write(tmp_path)
    (tmp_path / name).unlink() if rest is None else (tmp_path / name).write_bytes(rest)
    with pytest.raises((OSError, ValueError, EOFError)):
        LinearModel.read(tmp_path)


def test_folded_weights_are_those_of_the_condensed_model(monkeypatch):
    """Fit with so many dimensions that nothing is lost: then counting n-grams and condensing must agree."""
    fitted = []

    class Kept(classifier.LogisticRegression):
        def fit(self, features, labels):
            fitted.append((self, features))
            return super().fit(features, labels)

    monkeypatch.setattr(classifier, "LogisticRegression", Kept)
    model = fit(TEXTS, DENSE, LABELS, CONFIG)
    ((regression, features),) = fitted
    assert np.allclose(probabilities(model), regression.predict_proba(features), atol=1e-4)


def test_words_that_were_never_seen_leave_the_sentence_vector_to_decide(model):
    found = model.probabilities("xyzzy 🫀", DENSE[0])
    assert np.isfinite(found).all()
    assert found.sum() == pytest.approx(1.0, abs=1e-5)


def test_case_and_blanks_do_not_matter(model):
    plain, loud = (model.probabilities(text, DENSE[0]) for text in ("how long", "  HOW\t\n Long "))
    assert np.array_equal(plain, loud)


@pytest.mark.parametrize(
    ("text", "seen"),
    [("  How  LONG\n", "how long"), ("", ""), ("x" * 500, "x" * 400), ("ÄÖ é", "äö é")],
)
def test_a_text_is_normalised(text, seen):
    assert normalise(text) == seen


def test_the_component_trains_keeps_and_ranks(tmp_path):
    storage, resource = LocalModelStorage.create(tmp_path), Resource("classifier")
    data = TrainingData([message(*row) for row in zip(TEXTS, DENSE, LABELS, strict=True)])
    data.training_examples.append(Message({TEXT: "", INTENT: "greet"}))
    trained = TfidfDenseClassifier.create(CONFIG, storage, resource, None)
    assert trained.train(data) == resource
    loaded = TfidfDenseClassifier.load({**CONFIG, "ranking_length": 2}, storage, resource, None)
    (heard,) = loaded.process([message(TEXTS[0], DENSE[0], scores=EVEN)])
    ranking = heard.get("intent_ranking")
    assert heard.get(INTENT) == ranking[0]
    assert ranking[0]["name"] == "ask_recovery_time"
    assert len(ranking) == 2
    assert ranking[0]["confidence"] > ranking[1]["confidence"]
    assert heard.get(QUESTIONS) == []


def test_a_message_without_text_has_no_intent(model):
    component = TfidfDenseClassifier.create(CONFIG, None, None, None)
    component._linear = model
    (heard,) = component.process([Message({TEXT: ""})])
    assert heard.get(INTENT) == {"name": None, "confidence": 0.0}


@pytest.mark.parametrize(("weight", "best"), [(0.0, "ask_recovery_time"), (1.0, "greet")])
def test_the_tuned_branch_counts_by_its_weight(model, weight, best):
    component = TfidfDenseClassifier.create({**CONFIG, "tuned_weight": weight}, None, None, None)
    component._linear = model
    (heard,) = component.process([message(TEXTS[0], DENSE[0], scores=np.log([0.1, 0.1, 0.8]))])
    assert heard.get(INTENT)["name"] == best
    assert sum(item["confidence"] for item in heard.get("intent_ranking")) == pytest.approx(1.0, abs=1e-5)
