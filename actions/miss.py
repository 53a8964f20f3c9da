"""What happens when a message was not understood or is out of scope: ask once, then hand off."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.answer import answer_topic
from actions.handoff import hand_off
from actions.language import language_of
from valve_clinic.content.store import ContentStore, shared_store
from valve_clinic.dialogue import choices, context, speak

#: A miss after this many others in a row hands off to the phone line.
MISSES_BEFORE_HANDOFF = 1


class ActionAskClarification(Action):
    """Asks which of two or three topics was meant; the second miss in a row hands off."""

    def name(self) -> str:
        """Return the action's name in the domain."""
        return "action_ask_clarification"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Offer the likeliest topics as buttons, or the phone line."""
        return ask_clarification(dispatcher, tracker, shared_store())


class ActionDeclineOutOfScope(Action):
    """Says kindly what the chat can't help with; the second miss in a row hands off."""

    def name(self) -> str:
        """Return the action's name in the domain."""
        return "action_decline_out_of_scope"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Decline, or hand off; a bare follow-up ("and after surgery?") is answered whatever it was taken for."""
        store = shared_store()
        if is_follow_up(tracker, store):
            return answer_topic(dispatcher, tracker, store)
        return miss(dispatcher, tracker, store, {"response": "utter_decline_out_of_scope"})


def ask_clarification(dispatcher: CollectingDispatcher, tracker: Tracker, store: ContentStore) -> list[dict[str, Any]]:
    """Do the action's work on a given store."""
    if is_follow_up(tracker, store):
        return answer_topic(dispatcher, tracker, store)
    titles = store.current().speaking(language_of(tracker)).titles(context.carried(tracker.slots))
    topics = choices.likely(choices.ranking_of(tracker.latest_message), titles)
    if not topics:
        return miss(dispatcher, tracker, store, {"response": "utter_ask_rephrase"})
    buttons = speak.choice_buttons(topics, titles)
    return miss(dispatcher, tracker, store, {"response": "utter_ask_clarification", "buttons": buttons})


def miss(
    dispatcher: CollectingDispatcher, tracker: Tracker, store: ContentStore, message: dict[str, Any]
) -> list[dict[str, Any]]:
    """Send `message` after a first miss and the phone line after a second; returns the new count."""
    misses = int(tracker.get_slot("misses") or 0)
    if misses >= MISSES_BEFORE_HANDOFF:
        hand_off(dispatcher, tracker, store)
        return [SlotSet("misses", 0.0)]
    dispatcher.utter_message(**message)
    return [SlotSet("misses", float(misses + 1))]


def is_follow_up(tracker: Tracker, store: ContentStore) -> bool:
    """Return whether the message asks the last topic again for what it names; such a message says too little alone."""
    message = tracker.latest_message
    mentions = context.read_mentions(message.get("entities") or [])
    last = tracker.get_slot("last_topic")
    fits = bool(last) and bool(store.variant_keys(last) & set(mentions.values))
    return fits and context.is_bare_follow_up(message.get("text") or "", mentions)
