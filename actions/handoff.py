"""Adds to the fixed hand-off text what helps on the phone."""

from __future__ import annotations

import logging
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.language import language_of
from valve_clinic.content.store import ContentStore, shared_store
from valve_clinic.dialogue import speak

logger = logging.getLogger(__name__)
#: The kind of call when a person was asked for and nothing tells which.
DEFAULT_KIND = "general"


class ActionHandOff(Action):
    """Says what to have ready for the call; the number itself is fixed text and was sent before."""

    def name(self) -> str:
        """Return the action's name in the domain."""
        return "action_hand_off"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Speak the details for the kind of call that the last topic suggests."""
        speak_details(dispatcher, tracker, shared_store())
        return [SlotSet("misses", 0.0)]


def hand_off(dispatcher: CollectingDispatcher, tracker: Tracker, store: ContentStore) -> None:
    """Send the fixed hand-off text, and behind it the details; without them where the answers cannot be read."""
    dispatcher.utter_message(response="utter_hand_off")
    try:
        speak_details(dispatcher, tracker, store)
    except Exception as error:
        # The number was given: what helps on the phone must not cost it.
        logger.error("a hand-off goes without its details: %s", type(error).__name__)


def speak_details(dispatcher: CollectingDispatcher, tracker: Tracker, store: ContentStore) -> None:
    """Say what to have ready and how it stands with the hours; raises what the store raises."""
    edition = store.current().speaking(language_of(tracker))
    clinic = edition.clinic()
    last = tracker.get_slot("last_topic")
    answer = edition.answer(last) if last else None
    kind = clinic.handoffs[(answer.handoff if answer else None) or DEFAULT_KIND]
    dispatcher.utter_message(**speak.handoff_details(clinic, kind, edition.language))
