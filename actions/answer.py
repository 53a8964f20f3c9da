"""Answers a question from the clinic's content."""

from __future__ import annotations

from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from valve_clinic.content.schema import VARIANT_KEYS
from valve_clinic.content.store import ContentStore, shared_store
from valve_clinic.dialogue import context, speak


class ActionAnswerTopic(Action):
    """Answers the topic that was asked, in the variant that the talk is about."""

    def name(self) -> str:
        """Return the action's name in the domain."""
        return "action_answer_topic"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Speak the answer and, where the topic ends at the phone, the hand-off; remember what was answered."""
        return answer_topic(dispatcher, tracker, shared_store())


def answer_topic(dispatcher: CollectingDispatcher, tracker: Tracker, store: ContentStore) -> list[dict[str, Any]]:
    """Do the action's work on a given store."""
    message = tracker.latest_message
    intent = message["intent"]["name"]
    mentions = context.read_mentions(message.get("entities") or [])
    asked = store.answer(intent)
    last = tracker.get_slot("last_topic")
    follow_up_topics = [last] if last and store.variant_keys(last) & set(mentions.values) else []
    state = context.resolve(
        intent,
        message.get("text") or "",
        mentions,
        tracker.slots,
        follow_up_topics,
        asked.context if asked else {},
    )
    answer = store.answer(state.topic, state.wanted)
    if answer is None:
        dispatcher.utter_message(response="utter_hand_off")
        return []
    clinic = store.clinic()
    spoken = f"{answer.topic}:{answer.variant or ''}"
    earlier = tracker.get_slot("answered_topics") or []
    repeated = bool(earlier) and earlier[-1] == spoken
    dispatcher.utter_message(**speak.answer_message(answer, store.titles(), clinic, repeated))
    if answer.handoff:
        dispatcher.utter_message(**speak.handoff_details(clinic, clinic.handoffs[answer.handoff]))
    remembered = {key: None if state.cleared else state.wanted.get(key) for key in VARIANT_KEYS}
    return [
        *(SlotSet(key, value) for key, value in remembered.items()),
        SlotSet("last_topic", answer.topic),
        SlotSet("answered_topics", [*earlier, spoken][-20:]),
        SlotSet("turns_since_mention", float(state.turns_since_mention)),
        SlotSet("misses", 0.0),
    ]
