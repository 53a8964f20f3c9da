"""Short messages behind the one before them: what leans, how both are read, and the file of taught pairs."""

from __future__ import annotations

import pytest
import yaml
from rasa.shared.nlu.constants import METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message

from valve_clinic import paths
from valve_clinic.evaluation import messages
from valve_clinic.nlu import examples, follow_ups
from valve_clinic.nlu.featurizer import BEHIND, FLAGGED, TUNED, SentenceEncoderFeaturizer
from valve_clinic.nlu.follow_ups import FollowUpsError


@pytest.mark.parametrize("text", ["how long?", "and after surgery", "", "is it safe for my mom who's 80"])
def test_a_short_message_leans(text):
    assert follow_ups.leans(text)


def test_a_longer_message_speaks_for_itself():
    assert not follow_ups.leans("how long do people stay in the hospital after the clip")


@pytest.mark.parametrize("previous", ["what is the clip", "what is the clip?", "  what is the clip.  "])
def test_both_are_one_text_with_the_place_of_the_message(previous):
    text, (start, end) = follow_ups.joined(previous, "how long")
    assert text[start:end] == "how long"
    assert text.startswith("what is the clip")
    assert text[start - 2] in "?."


@pytest.mark.parametrize(
    ("said", "previous"),
    [
        ([], None),
        (["what is the MitraClip"], "what is the MitraClip"),
        (["hello there to you all", "what is the MitraClip exactly"], "what is the MitraClip exactly"),
        (["could my father get the clip", "and mom?"], "could my father get the clip. and mom?"),
        (['/ask_recovery_time{"procedure": "surgery"}'], "recovery time"),
        (["/book_appointment"], "book appointment"),
        (["hello there"], None),
        (["could my father get the clip", "thank you so much!"], "could my father get the clip"),
    ],
)
def test_what_the_next_message_may_lean_on(said, previous):
    assert follow_ups.previous_of(said) == previous


def test_the_taught_pairs_are_right():
    found = follow_ups.read(messages.domain_intents())
    assert len(found) > 500
    assert len({pair.intent for pair in found}) > 25


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"previous": "what is it", "text": "how long"}, "entry 2: it needs previous, text and intent"),
        ({"previous": "what is it", "text": " ", "intent": "ask_risks"}, "entry 2: it needs previous"),
        ({"previous": "what is it", "text": "how long", "intent": "ask_rsks"}, "entry 2: there is no intent ask_rsks"),
        ({"previous": "a", "text": "one " * 10, "intent": "ask_risks"}, "entry 2: longer than 9 words"),
        ({"previous": "What is it", "text": "Is it safe", "intent": "ask_risks"}, "entry 2: the same pair"),
        ("how long", "entry 2: it needs previous"),
    ],
)
def test_an_entry_that_is_not_right_is_named(tmp_path, entry, reason):
    first = {"previous": "what is it", "text": "is it safe", "intent": "ask_risks"}
    path = tmp_path / "follow_ups.yml"
    path.write_text(yaml.safe_dump({"follow_ups": [first, entry]}))
    with pytest.raises(FollowUpsError, match=reason):
        follow_ups.read({"ask_risks"}, path)


def heard(encoder, text, previous=None):
    """The message as the featurizer leaves it."""
    made = SentenceEncoderFeaturizer(SentenceEncoderFeaturizer.get_default_config(), None, None)
    made._encoder = encoder
    metadata = {follow_ups.PREVIOUS: previous} if previous else {}
    (message,) = made.process([Message({TEXT: text, METADATA: metadata})])
    return message


def features(message):
    return [message.get_dense_features(TEXT, [origin])[1].features[0] for origin in (TUNED, FLAGGED)]


def test_the_same_words_mean_something_else_behind_another_question(encoder):
    before = ("what is a TEE test", "can I go home after surgery")
    judged = [heard(encoder, "how long?", previous).get(BEHIND)() for previous in before]
    assert judged[0].scores.argmax() != judged[1].scores.argmax()


def test_the_features_are_of_the_words_of_the_message_alone(encoder):
    alone, behind = heard(encoder, "i can't breathe"), heard(encoder, "i can't breathe", "where do I park")
    assert all((one == other).all() for one, other in zip(features(alone), features(behind), strict=True))
    assert alone.get(BEHIND) is None
    assert (behind.get(BEHIND)().scores != features(alone)[0]).any()


def test_a_longer_message_is_read_alone(encoder):
    assert (
        heard(encoder, "how long do people stay in the hospital after they had the clip", "where").get(BEHIND) is None
    )


def test_the_fewer_words_and_the_less_clear_the_more_the_context_counts():
    few, more, clear = (
        follow_ups.weight(text, confidence)
        for text, confidence in (("how long is it?", 0.5), ("how long is it then", 0.5), ("how long is it then", 0.96))
    )
    assert few > more > 0.5 > clear
    assert follow_ups.weight("does it hurt?", 0.96) == clear


def test_what_is_certain_would_be_answered_in_its_context_as_well():
    """Else leaving the context out would change what the chat does, and not only what it costs."""
    pipeline = yaml.safe_load(paths.CONFIG_FILE.read_text(encoding="utf-8"))["pipeline"]
    (fallback,) = [item for item in pipeline if item["name"].endswith("IntentFallback")]
    least = next(percent / 100 for percent in range(101) if follow_ups.is_certain(percent / 100))
    own_share = 1.0 - follow_ups.weight("where do we park", least)
    assert own_share * least >= fallback["leaning_threshold"]
    assert own_share * least > 1.0 - own_share * least, "no other topic can come first"


@pytest.mark.parametrize(
    ("text", "intent", "does"),
    [
        ("how long", "ask_recovery_time", False),
        ("do yall take aetna", "ask_cost_insurance", True),
        ("thanks", "thank", True),
        ("phone number", "book_appointment", False),
        ("how long do people stay in the hospital after the clip", "ask_recovery_time", False),
    ],
)
def test_a_few_words_speak_for_themselves_where_they_are_no_question(text, intent, does):
    assert follow_ups.speaks_for_itself(text, intent) is does


def test_a_taught_message_is_learnt_alone_once_for_each_meaning_where_it_is_not_known():
    aside = next(text for text in map(str, range(1000)) if examples.is_held_aside(text))
    taught = [
        ("who gets the clip", "hes 70", "ask_eligibility"),
        ("who gets surgery", "Hes 70", "ask_surgery"),
        ("who gets a leak", "Hes 70!", "ask_eligibility"),
        ("how long is recovery", "and driving?", "ask_recovery_time"),
        ("how old must one be", aside, "ask_eligibility"),
    ]
    pairs = [follow_ups.FollowUp(*entry) for entry in taught]
    alone = follow_ups.alone(pairs, known=["And driving"])
    assert alone == [("hes 70", "ask_eligibility"), ("Hes 70", "ask_surgery")]
