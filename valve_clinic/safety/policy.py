"""Rasa policy: says first what must come first, then lets the rules of `data/rules.yml` decide as if nothing had."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    BotUttered,
    DefinePrevUserUtteredFeaturization,
    Event,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import ENTITIES

from valve_clinic.safety import turn

#: What the rules see before the last message: so many actions, an answer and listening, so that it is no beginning.
_BEFORE = 2
#: How many different turns are remembered with what the rules say of them, of about a kilobyte each; then it begins
#: anew.
_REMEMBERED = 2048


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class SafetyFirstRulePolicy(RulePolicy):
    """Rasa's RulePolicy with the safety plan of a turn in front of it.

    Fixed texts are responses of the domain, so that they need neither an action server nor a database. A rule per
    level would double every rule; here the rules see the turn without what was said first. What they say of the same
    intents and actions is remembered: RulePolicy looks through all rules twice for each action.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what RulePolicy takes."""
        super().__init__(*args, **kwargs)
        self._remembered: dict[tuple[Any, ...], PolicyPrediction] = {}

    def predict_action_probabilities(
        self,
        tracker: DialogueStateTracker,
        domain: Domain,
        rule_only_data: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> PolicyPrediction:
        """Predict the next response of the plan; after it, listen or do what the rules say."""
        events = tracker.applied_events()
        done = _since_last_message(events)
        if done is None:
            return super().predict_action_probabilities(tracker, domain, rule_only_data, **kwargs)
        planned = turn.plan(turn.messages_of(events))
        for response in planned.first:
            if response not in done:
                return self._certain(response, tracker, domain)
        if planned.alone:
            return self._certain(ACTION_LISTEN_NAME, tracker, domain)
        recent = _recent(list(tracker.events), frozenset(planned.first))
        signs = _signs(recent, with_entities=self._speaks_of_entities)
        known = self._remembered.get(signs)
        if known is None:
            seen = DialogueStateTracker.from_events(tracker.sender_id, recent, slots=(), domain=domain)
            known = super().predict_action_probabilities(seen, domain, rule_only_data, **kwargs)
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            if signs:
                self._remembered[signs] = known
        return _copy(known)

    @cached_property
    def _speaks_of_entities(self) -> bool:
        """Whether any rule asks for an entity; where none does, turns that differ by entities are one to the rules."""
        return ENTITIES in json.dumps(self.lookup)

    def _certain(self, action: str, tracker: DialogueStateTracker, domain: Domain) -> PolicyPrediction:
        probabilities = self._default_predictions(domain)
        probabilities[domain.index_for_action(action)] = 1.0
        return PolicyPrediction(probabilities, type(self).__name__, self.priority)


def _copy(known: PolicyPrediction) -> PolicyPrediction:
    """Return a prediction that Rasa may change: it strikes out actions, and gives the events a time of their own."""
    fresh = copy.copy(known)
    fresh.probabilities = list(known.probabilities)
    fresh.events = [copy.copy(event) for event in known.events]
    fresh.optional_events = [copy.copy(event) for event in known.optional_events]
    fresh.diagnostic_data = dict(known.diagnostic_data)
    return fresh


def _since_last_message(events: list[Any]) -> list[str] | None:
    """Return the names of the actions since the person's last message; None before the first one."""
    done: list[str] = []
    for event in reversed(events):
        if isinstance(event, UserUttered):
            return done
        if isinstance(event, ActionExecuted):
            done.append(str(event.action_name))
    return None


def _recent(events: Sequence[Event], said_first: frozenset[str]) -> list[Event]:
    """Return the last message with what was done for it, but not what was said first, and what was done just before it.

    A rule speaks of one message and what follows it, so that RulePolicy, which makes a state of everything that was
    ever said, twice for each action, needs no more, and of the turn before only that there was one: what was done last.
    Slots influence no rule (`domain.yml`).
    """
    messages = [index for index, event in enumerate(events) if isinstance(event, UserUttered)]
    done = [index for index in range(messages[-1]) if isinstance(events[index], ActionExecuted)]
    begin = done[-_BEFORE:][0] if done else messages[-1]
    return [
        event
        for index, event in enumerate(events[begin:], begin)
        if not isinstance(event, SlotSet | BotUttered)
        and not (index > messages[-1] and isinstance(event, ActionExecuted) and event.action_name in said_first)
    ]


def _signs(events: Sequence[Event], with_entities: bool) -> tuple[Any, ...]:
    """Return what rules tell events apart by, without a patient's words; nothing where a kind is not known."""
    signs: list[Any] = []
    for event in events:
        if isinstance(event, ActionExecuted) and event.action_name:
            signs.append(event.action_name)
        elif isinstance(event, UserUttered):
            told = event.entities if with_entities else []
            found = sorted((str(e.get("entity")), str(e.get("role")), str(e.get("group"))) for e in told)
            signs.append((event.intent_name, bool(event.text), *found))
        elif isinstance(event, DefinePrevUserUtteredFeaturization):
            signs.append((event.type_name, event.use_text_for_featurization))
        elif isinstance(event, SessionStarted):
            signs.append(event.type_name)
        else:
            return ()
    return tuple(signs)
