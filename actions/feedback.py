"""Takes praise and complaints about an answer."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.language import language_of
from valve_clinic.content.store import ContentStore, shared_store
from valve_clinic.dialogue import context, speak

#: Other topics offered when an answer was not what the person meant.
MAX_OTHERS = 2


class ActionTakeFeedback(Action):
    """Thanks for feedback, and offers what else the last question may have meant, and a person."""

    def name(self) -> str:
        """Return the action's name in the domain."""
        return "action_take_feedback"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Thank, with buttons; praise needs none of them and loses nothing by them."""
        return take_feedback(dispatcher, tracker, shared_store())


def take_feedback(dispatcher: CollectingDispatcher, tracker: Tracker, store: ContentStore) -> list[dict[str, Any]]:
    """Do the action's work on a given store."""
    titles = store.current().speaking(language_of(tracker)).titles(context.carried(tracker.slots))
    buttons = [speak.topic_button(topic, titles[topic]) for topic in _runners_up(tracker) if topic in titles]
    dispatcher.utter_message(response="utter_feedback_thanks", buttons=[*buttons[:MAX_OTHERS], speak.TALK_TO_A_PERSON])
    return []


def _runners_up(tracker: Tracker) -> list[str]:
    """Return the topics ranked behind the one that was answered last, best first."""
    asked = [event for event in tracker.events if event.get("event") == "user"]
    for event in reversed(asked[:-1]):
        parsed = event.get("parse_data") or {}
        if (parsed.get("intent") or {}).get("name") == tracker.get_slot("last_topic"):
            return [item["name"] for item in (parsed.get("intent_ranking") or [])[1:]]
    return []
