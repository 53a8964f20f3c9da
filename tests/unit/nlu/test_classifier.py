"""The classifier as a component of Rasa: it trains, keeps what it fitted, and ranks."""

from __future__ import annotations

import numpy as np
import pytest
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, INTENT, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from valve_clinic.nlu import classifier, examples, follow_ups
from valve_clinic.nlu.calibration import Calibration
from valve_clinic.nlu.classifier import CLAUSE_FLAGS, FLAG_PROBABILITIES, QUESTIONS, TfidfDenseClassifier
from valve_clinic.nlu.encoder import Judgement
from valve_clinic.nlu.featurizer import BEHIND, CLAUSES, FLAGGED, PARTS, TUNED

EXAMPLES = {
    "ask_recovery_time": ["how long is recovery", "how long does recovery take", "how many weeks until recovery"],
    "ask_causes": ["why does the valve leak", "what makes the valve leak", "why do I have a leak"],
    "greet": ["hello there", "hello to you", "good morning and hello"],
}
TEXTS = [text for texts in EXAMPLES.values() for text in texts]
LABELS = [label for label, texts in EXAMPLES.items() for _ in texts]
CONFIG = {**TfidfDenseClassifier.get_default_config(), "sparse_dimensions": 5, "follow_ups": ""}
#: Scores of a tuned branch that cannot tell.
EVEN = np.log(np.full(3, 1 / 3))
NO_FLAGS = np.full(3, -4.0)


def message(text, intent=None, scores=EVEN):
    made = Message({TEXT: text, PARTS: [], CLAUSES: [], **({INTENT: intent} if intent else {})})
    for found, origin in ((scores, TUNED), (NO_FLAGS, FLAGGED)):
        made.add_features(Features(np.atleast_2d(found), FEATURE_TYPE_SENTENCE, TEXT, origin))
    return made


def trained(tmp_path, **config):
    storage, resource = LocalModelStorage.create(tmp_path), Resource("classifier")
    data = TrainingData([message(*row) for row in zip(TEXTS, LABELS, strict=True)])
    data.training_examples.append(Message({TEXT: "", INTENT: "greet"}))
    component = TfidfDenseClassifier.create(CONFIG, storage, resource, None)
    assert component.train(data) == resource
    return component, TfidfDenseClassifier.load({**CONFIG, **config}, storage, resource, None)


def test_the_component_trains_keeps_and_ranks(tmp_path):
    _, loaded = trained(tmp_path, ranking_length=2)
    (heard,) = loaded.process([message(TEXTS[0])])
    ranking = heard.get("intent_ranking")
    assert heard.get(INTENT) == ranking[0]
    assert ranking[0]["name"] == "ask_recovery_time"
    assert len(ranking) == 2
    assert ranking[0]["confidence"] > ranking[1]["confidence"]
    assert heard.get(QUESTIONS) == []


def test_what_was_kept_is_what_was_trained(tmp_path):
    before, after = trained(tmp_path)
    rankings = [one.process([message(TEXTS[3])])[0].get("intent_ranking") for one in (before, after)]
    assert [item["name"] for item in rankings[0]] == [item["name"] for item in rankings[1]]
    assert np.allclose(*[[item["confidence"] for item in ranking] for ranking in rankings], atol=1e-5)


@pytest.mark.parametrize(("wanted", "learnt"), [("some", [("hes 70", "ask_causes")]), ("", [])])
def test_taught_short_messages_are_learnt_alone(tmp_path, monkeypatch, wanted, learnt):
    taught = [("hes 70", "ask_causes"), ("he wont wake up", "report_emergency"), (TEXTS[0], "greet")]
    pairs = [follow_ups.FollowUp("who gets it", *pair) for pair in taught]
    monkeypatch.setattr(follow_ups, "read", lambda: pairs)
    monkeypatch.setitem(CONFIG, "follow_ups", wanted)
    seen, fit = [], classifier.linear.fit
    monkeypatch.setattr(classifier.linear, "fit", lambda *given: seen.append(given) or fit(*given))
    trained(tmp_path)
    (texts, labels, flags, _), fitted = seen[0], [text for text in TEXTS if not examples.is_held_aside(text)]
    assert list(zip(texts, labels, strict=True))[len(fitted) :] == learnt
    assert flags.shape == (len(texts), 3)


def test_the_flags_of_a_message_and_of_its_clauses_are_probabilities(tmp_path):
    _, loaded = trained(tmp_path)
    (heard,) = loaded.process([message(TEXTS[0])])
    assert heard.get(FLAG_PROBABILITIES).shape == (3,)
    assert ((heard.get(FLAG_PROBABILITIES) >= 0) & (heard.get(FLAG_PROBABILITIES) <= 1)).all()
    assert heard.get(CLAUSE_FLAGS) == []


def ranked(**confidences):
    return [{"name": name, "confidence": confidence} for name, confidence in confidences.items()]


def advice_first(ranking, asked=()):
    component = TfidfDenseClassifier(CONFIG, None, None)
    return component._advice_first("the words", ranking, list(asked))


def test_what_may_be_a_wish_for_advice_is_declined_first_and_answered_behind():
    ranking, asked = advice_first(ranked(ask_medication=0.6, ask_personal_advice=0.2, ask_risks=0.1))
    assert [item["name"] for item in ranking] == ["ask_personal_advice", "ask_medication", "ask_risks"]
    assert ranking[0]["confidence"] == pytest.approx(0.8)
    assert asked == [{"intent": "ask_medication", "text": "the words", "start": 0, "end": 9}]


def test_behind_declined_advice_the_likeliest_topic_is_answered():
    ranking = ranked(ask_personal_advice=0.6, request_human=0.2, ask_recovery_time=0.1, ask_risks=0.09)
    kept, asked = advice_first(ranking)
    assert kept == ranking
    assert [question["intent"] for question in asked] == ["ask_recovery_time"]


def test_behind_declined_advice_nothing_unlikely_is_answered():
    ranking = ranked(ask_personal_advice=0.9, ask_recovery_time=0.02)
    assert advice_first(ranking) == (ranking, [])


def test_the_questions_that_were_found_are_answered_behind_the_advice():
    several = [{"intent": "ask_medication"}, {"intent": "ask_risks"}]
    assert advice_first(ranked(ask_medication=0.6, ask_personal_advice=0.2), several)[1] == several


@pytest.mark.parametrize(
    "ranking",
    [
        ranked(ask_medication=0.8, ask_personal_advice=0.02),
        ranked(ask_personal_advice=0.6, ask_medication=0.02),
        ranked(out_of_scope=0.6, ask_personal_advice=0.3),
        ranked(ask_medication=0.8, ask_risks=0.1),
    ],
)
def test_every_other_ranking_stays_as_it_is(ranking):
    assert advice_first(ranking) == (ranking, [])


def test_a_message_that_asks_two_things_is_as_sure_as_both_together():
    whole = ranked(ask_recovery_time=0.56, ask_risks=0.43, ask_surgery=0.01)
    asked = [{"intent": "ask_risks", "intent_ranking": []}, {"intent": "ask_recovery_time", "intent_ranking": []}]
    ruling = classifier.ruling(whole, asked)
    assert ruling[0] == {"name": "ask_recovery_time", "confidence": pytest.approx(0.99)}
    assert ruling[1:] == whole[1:]
    assert classifier.ruling(whole, []) == whole


def test_a_message_that_as_a_whole_is_none_of_its_questions_is_ruled_by_the_first():
    first = ranked(ask_risks=0.9)
    asked = [{"intent": "ask_risks", "intent_ranking": first}, {"intent": "ask_surgery", "intent_ranking": []}]
    assert classifier.ruling(ranked(express_worry=0.8, ask_risks=0.1), asked) == first


def test_a_message_without_text_has_no_intent(tmp_path):
    _, loaded = trained(tmp_path)
    (heard,) = loaded.process([Message({TEXT: ""})])
    assert heard.get(INTENT) == {"name": None, "confidence": 0.0}


def heard_behind(tmp_path, text, alone, behind=None):
    """A message whose own words are scored as `alone`, behind one that makes it the first class and dangerous."""
    _, loaded = trained(tmp_path)
    heard = message(text, scores=np.log(alone))
    heard.set(BEHIND, behind or (lambda: Judgement(np.log([0.98, 0.01, 0.01]), np.full(3, 9.0))))
    loaded._calibration = Calibration(0.0, 1.0, [[0.0, 0.0, 1.0]] * 3, [])
    loaded.process([heard])
    return heard


def test_danger_is_judged_by_the_words_alone_and_the_intent_in_context(tmp_path):
    heard = heard_behind(tmp_path, "how long", [0.1, 0.1, 0.8])
    assert heard.get(INTENT)["name"] == "ask_causes"
    assert heard.get(INTENT)["confidence"] == pytest.approx(follow_ups.weight("how long", 0.8), abs=0.1)
    # The scores of a message that nobody flagged are -4; those behind another one were 9.
    assert (heard.get(FLAG_PROBABILITIES) < 0.02).all()


def test_a_longer_message_that_is_clear_by_itself_is_believed_more_than_its_context(tmp_path):
    heard = heard_behind(tmp_path, "where do we park the truck", [0.04, 0.92, 0.04])
    assert [item["confidence"] for item in heard.get("intent_ranking")[:2]] == pytest.approx([0.60, 0.37], abs=0.01)


def test_a_message_whose_own_words_are_certain_is_not_read_in_its_context(tmp_path):
    read = []
    heard = heard_behind(tmp_path, "where do we park", [0.02, 0.96, 0.02], behind=lambda: read.append("again"))
    assert heard.get("intent_ranking")[0]["confidence"] == pytest.approx(0.96, abs=0.01)
    assert read == []
