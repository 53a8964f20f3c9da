"""The policy: what comes first is predicted with certainty, and the rules see the turn without it."""

from __future__ import annotations

import pickle

import pytest
import yaml
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    SessionStarted,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from valve_clinic import paths
from valve_clinic.safety.levels import SAFETY, Assessment, Level
from valve_clinic.safety.policy import SafetyFirstRulePolicy

RESPONSES = ("utter_emergency", "utter_check", "utter_same_day", "utter_answer")
DOMAIN = Domain.from_dict(
    {
        "intents": ["ask_risks", "ask_surgery", "report_emergency"],
        "responses": {name: [{"text": name}] for name in RESPONSES},
    }
)


@pytest.fixture
def predict(tmp_path, monkeypatch):
    """The next action; the rules are a stand-in that answers once and remembers what it saw of the turn."""
    storage = LocalModelStorage.create(tmp_path)
    policy = SafetyFirstRulePolicy(
        SafetyFirstRulePolicy.get_default_config(), storage, Resource("policy"), ExecutionContext(GraphSchema({}))
    )
    seen = []

    def rules(self, tracker, domain, *_args, **_kwargs):
        done = [event.action_name for event in tracker.events if isinstance(event, ActionExecuted)]
        seen.append(done)
        return self._certain(ACTION_LISTEN_NAME if "utter_answer" in done else "utter_answer", tracker, domain)

    monkeypatch.setattr(RulePolicy, "predict_action_probabilities", rules)

    def run(tracker):
        probabilities = policy.predict_action_probabilities(tracker, DOMAIN).probabilities
        assert max(probabilities) == 1.0
        return DOMAIN.action_names_or_texts[probabilities.index(1.0)]

    run.seen, run.policy = seen, policy
    return run


def talk(assessment, intent="ask_risks", done=()):
    parsed = {"intent": {"name": intent, "confidence": 0.9}, SAFETY: assessment.as_dict()}
    events = [ActionExecuted(ACTION_LISTEN_NAME), UserUttered("words", parsed["intent"], parse_data=parsed)]
    for name in done:
        events += [ActionExecuted(name), BotUttered(name)]
    return DialogueStateTracker.from_events("visitor", events, domain=DOMAIN)


CALM, CHECK = Assessment(Level.NONE), Assessment(Level.CHECK, "utter_check")
ACT = Assessment(Level.ACT, "utter_emergency")


def test_an_emergency_is_said_alone(predict):
    assert predict(talk(ACT, "report_emergency")) == "utter_emergency"
    assert predict(talk(ACT, "report_emergency", ["utter_emergency"])) == ACTION_LISTEN_NAME
    assert predict.seen == []


def test_the_check_line_stands_before_the_answer_and_the_rules_do_not_see_it(predict):
    assert predict(talk(CHECK)) == "utter_check"
    assert predict(talk(CHECK, done=["utter_check"])) == "utter_answer"
    assert predict(talk(CHECK, done=["utter_check", "utter_answer"])) == ACTION_LISTEN_NAME
    assert all("utter_check" not in done for done in predict.seen)


def test_same_day_stands_behind_the_check_line_where_both_are_needed(predict):
    both = Assessment(Level.CHECK, "utter_check", same_day=True)
    assert predict(talk(both, done=["utter_check"])) == "utter_same_day"


def test_a_question_is_left_to_the_rules(predict):
    assert predict(talk(CALM)) == "utter_answer"


def test_a_conversation_without_a_message_is_left_to_the_rules(predict):
    tracker = DialogueStateTracker.from_events("visitor", [ActionExecuted(ACTION_LISTEN_NAME)], domain=DOMAIN)
    assert predict(tracker) == "utter_answer"


def rules_of(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]


def test_no_rule_speaks_of_more_than_one_message_nor_of_a_beginning_or_a_slot():
    """The guard: the rules are shown the last message and what was done just before it, without slots."""
    for rule in rules_of(paths.DATA / "rules.yml"):
        asking = [step for step in rule["steps"] if "intent" in step or "or" in step]
        assert len(asking) == 1, rule["rule"]
        assert not {"conversation_start", "condition", "wait_for_user_input"} & rule.keys(), rule["rule"]
        assert all(step.keys() <= {"intent", "or", "action"} for step in rule["steps"]), rule["rule"]
    slots = yaml.safe_load(paths.DOMAIN_FILE.read_text(encoding="utf-8"))["slots"]
    assert all(slot["influence_conversation"] is False for slot in slots.values())


def test_of_a_long_talk_the_rules_see_the_last_message_and_what_was_done_before_it(predict):
    once = list(talk(CALM, done=["utter_answer"]).events)
    turns = [event for _ in range(9) for event in once]
    tracker = DialogueStateTracker.from_events("visitor", [*turns, *talk(CALM).events], domain=DOMAIN)
    predict(tracker)
    assert predict.seen == [["utter_answer", ACTION_LISTEN_NAME]]


def test_the_check_line_of_an_earlier_turn_stays_what_it_was(predict):
    before = talk(CHECK, done=["utter_check", "utter_answer"]).events
    tracker = DialogueStateTracker.from_events("visitor", [*before, *talk(CALM).events], domain=DOMAIN)
    predict(tracker)
    assert predict.seen == [["utter_answer", ACTION_LISTEN_NAME]]


def test_the_rules_are_asked_once_about_turns_that_they_cannot_tell_apart(predict):
    first, again = (predict.policy.predict_action_probabilities(talk(CALM), DOMAIN) for _ in "ab")
    assert len(predict.seen) == 1
    assert first.probabilities == again.probabilities
    # Rasa changes what it is given.
    first.probabilities[0], first.events[:] = 9.0, ["changed"]
    third = predict.policy.predict_action_probabilities(talk(CALM), DOMAIN)
    assert third.probabilities == again.probabilities
    assert third.events == []


def test_what_rasa_adds_to_a_turn_is_no_reason_to_ask_anew(predict):
    """Its ensemble says in each turn whether text or intent was used, and a conversation begins with a session."""
    asked = talk(CALM).events
    said = [SessionStarted(), *asked, DefinePrevUserUtteredFeaturization(False), ActionExecuted("utter_answer"), *asked]
    for sender in ("first", "second"):
        predict(DialogueStateTracker.from_events(sender, said, domain=DOMAIN))
    assert len(predict.seen) == 1


def test_no_words_are_remembered(predict):
    predict(talk(CALM))
    assert predict.policy._remembered
    assert b"words" not in pickle.dumps(predict.policy._remembered)


def test_what_is_remembered_is_bounded(predict, monkeypatch):
    monkeypatch.setattr("valve_clinic.safety.policy._REMEMBERED", 1)
    for intent in ("ask_risks", "ask_surgery"):
        predict(talk(CALM, intent))
    assert len(predict.policy._remembered) == 1


@pytest.mark.parametrize(
    "other", [talk(CALM, "ask_surgery"), talk(CALM, done=["utter_answer"])], ids=["intent", "action"]
)
def test_the_rules_are_asked_about_what_they_can_tell_apart(predict, other):
    predict(talk(CALM))
    predict(other)
    assert len(predict.seen) == 2


def test_an_event_that_rules_may_know_more_of_is_never_remembered(predict):
    tracker = DialogueStateTracker.from_events("visitor", [*talk(CALM).events, ActiveLoop(None)], domain=DOMAIN)
    predict(tracker)
    predict(tracker)
    assert len(predict.seen) == 2


@pytest.mark.parametrize(("rules", "times"), [({}, 1), ({'[{"user": {"entities": ["procedure"]}}]': "utter"}, 2)])
def test_turns_that_differ_by_entities_are_one_where_no_rule_asks_for_any(predict, rules, times):
    predict.policy.lookup = {"rules": rules}
    for entities in ([], [{"entity": "procedure", "value": "clip"}]):
        asked = UserUttered("how risky", {"name": "ask_risks", "confidence": 1.0}, entities)
        predict(DialogueStateTracker.from_events("visitor", [ActionExecuted(ACTION_LISTEN_NAME), asked], domain=DOMAIN))
    assert len(predict.seen) == times


def test_the_own_rules_ask_for_no_entity():
    assert "entities" not in (paths.DATA / "rules.yml").read_text(encoding="utf-8")
