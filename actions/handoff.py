"""Adds to the fixed hand-off text what helps on the phone."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from valve_clinic.content.store import shared_store
from valve_clinic.dialogue import speak

#: The kind of call when a person was asked for and nothing tells which.
DEFAULT_KIND = "general"


class ActionHandOff(Action):
    """Says what to have ready for the call; the number itself is fixed text and was sent before."""

    def name(self) -> str:
        """Return the action's name in the domain."""
        return "action_hand_off"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Speak the details for the kind of call that the last topic suggests."""
        store = shared_store()
        clinic = store.clinic()
        last = tracker.get_slot("last_topic")
        answer = store.answer(last) if last else None
        kind = clinic.handoffs[(answer.handoff if answer else None) or DEFAULT_KIND]
        dispatcher.utter_message(**speak.handoff_details(clinic, kind))
        return [SlotSet("misses", 0.0)]
