"""Rasa policy: says first what must come first, then lets the rules of `data/rules.yml` decide as if nothing had."""

from __future__ import annotations

from typing import Any

from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import ACTION_LISTEN_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker

from valve_clinic.safety import turn


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class SafetyFirstRulePolicy(RulePolicy):
    """Rasa's RulePolicy with the safety plan of a turn in front of it.

    Fixed texts are responses of the domain, so that they need neither an action server nor a database. A rule per
    level would double every rule; here the rules see the turn without what was said first.
    """

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
        rest = _without(tracker, frozenset(planned.first), domain) if planned.first else tracker
        return super().predict_action_probabilities(rest, domain, rule_only_data, **kwargs)

    def _certain(self, action: str, tracker: DialogueStateTracker, domain: Domain) -> PolicyPrediction:
        probabilities = self._default_predictions(domain)
        probabilities[domain.index_for_action(action)] = 1.0
        return PolicyPrediction(probabilities, type(self).__name__, self.priority)


def _since_last_message(events: list[Any]) -> list[str] | None:
    """Return the names of the actions since the person's last message; None before the first one."""
    done: list[str] = []
    for event in reversed(events):
        if isinstance(event, UserUttered):
            return done
        if isinstance(event, ActionExecuted):
            done.append(str(event.action_name))
    return None


def _without(tracker: DialogueStateTracker, said_first: frozenset[str], domain: Domain) -> DialogueStateTracker:
    """Return a copy of the tracker in which the last turn does not have what was said first."""
    events = list(tracker.events)
    last = max(index for index, event in enumerate(events) if isinstance(event, UserUttered))
    kept = [
        event
        for index, event in enumerate(events)
        if index < last or not (isinstance(event, ActionExecuted) and event.action_name in said_first)
    ]
    return DialogueStateTracker.from_events(
        tracker.sender_id, kept, slots=domain.slots, max_event_history=None, domain=domain
    )
