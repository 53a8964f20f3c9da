"""Answers questions from the clinic's content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from valve_clinic.content.schema import VARIANT_KEYS
from valve_clinic.content.store import AnswerView, ContentStore, shared_store
from valve_clinic.dialogue import context, speak

#: How many answers are remembered, to give the short form when the last one is asked for again.
_REMEMBERED = 20


class ActionAnswerTopic(Action):
    """Answers the topics that were asked, in the variant that the talk is about."""

    def name(self) -> str:
        """Return the action's name in the domain."""
        return "action_answer_topic"

    def run(self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Speak the answers and, where a topic ends at the phone, the hand-off; remember what was answered."""
        return answer_topic(dispatcher, tracker, shared_store())


@dataclass(frozen=True)
class Question:
    """One question of a message, with the entities inside it."""

    intent: str
    text: str
    entities: list[dict[str, Any]]


def answer_topic(dispatcher: CollectingDispatcher, tracker: Tracker, store: ContentStore) -> list[dict[str, Any]]:
    """Do the action's work on a given store."""
    slots: dict[str, Any] = dict(tracker.slots)
    handoffs: list[str] = []
    unanswered = False
    # A message that is ruled as personal advice got the fixed text from the rule in data/rules.yml already.
    declined = tracker.latest_message["intent"]["name"] == "ask_personal_advice"
    for question in _questions(tracker.latest_message):
        answer = _answer_one(dispatcher, store, question, slots, declined=declined)
        if answer is None and not unanswered:
            dispatcher.utter_message(response="utter_hand_off")
            unanswered = True
        elif answer is not None and answer.handoff:
            handoffs.append(answer.handoff)
    clinic = store.clinic()
    for kind in dict.fromkeys(handoffs):
        dispatcher.utter_message(**speak.handoff_details(clinic, clinic.handoffs[kind]))
    changed = [*VARIANT_KEYS, "last_topic", "answered_topics", "turns_since_mention"]
    return [*(SlotSet(key, slots.get(key)) for key in changed), SlotSet("misses", 0.0)]


def _questions(message: dict[str, Any]) -> Iterator[Question]:
    """Yield the message's questions: several where the understanding found them, else the message itself."""
    entities = message.get("entities") or []
    found = message.get("questions") or []
    if not found:
        yield Question(message["intent"]["name"], message.get("text") or "", entities)
    for item in found:
        inside = [entity for entity in entities if item["start"] <= entity.get("start", -1) < item["end"]]
        moved = [{**e, "start": e["start"] - item["start"], "end": e["end"] - item["start"]} for e in inside]
        yield Question(item["intent"], item["text"], moved)


def _answer_one(
    dispatcher: CollectingDispatcher,
    store: ContentStore,
    question: Question,
    slots: dict[str, Any],
    declined: bool,
) -> AnswerView | None:
    """Speak the answer to one question and note in `slots` what the next one needs; None when there is no text."""
    mentions = context.read_mentions(question.entities)
    asked = store.answer(question.intent)
    last = slots.get("last_topic")
    follow_up_topics = [last] if last and store.variant_keys(last) & set(mentions.values) else []
    own = asked.context if asked else {}
    state = context.resolve(question.intent, question.text, mentions, slots, follow_up_topics, own)
    answer = store.answer(state.topic, state.wanted)
    if answer is None:
        return None
    if answer.kind == "advice_declined" and not declined:
        dispatcher.utter_message(response="utter_advice_declined")
    spoken = f"{answer.topic}:{answer.variant or ''}"
    earlier = slots.get("answered_topics") or []
    repeated = bool(earlier) and earlier[-1] == spoken
    dispatcher.utter_message(**speak.answer_message(answer, store.titles(), store.clinic(), repeated))
    slots.update({key: None if state.cleared else state.wanted.get(key) for key in VARIANT_KEYS})
    slots["last_topic"] = answer.topic
    slots["answered_topics"] = [*earlier, spoken][-_REMEMBERED:]
    slots["turns_since_mention"] = float(state.turns_since_mention)
    return answer
