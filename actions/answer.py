"""Answers questions from the clinic's content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.handoff import DEFAULT_KIND
from actions.language import language_of
from valve_clinic.content.edition import AnswerView, Edition
from valve_clinic.content.schema import VARIANT_KEYS
from valve_clinic.content.store import ContentStore, shared_store
from valve_clinic.dialogue import choices, context, speak
from valve_clinic.safety.levels import SAFETY, Assessment, Level

#: How many answers are remembered, to give the short form when the last one is asked for again; each turn stores them.
_REMEMBERED = 2


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
    """Do the action's work on a given store: all of it from the publication that is served when it begins."""
    edition = store.current().speaking(language_of(tracker))
    clinic = edition.clinic()
    slots: dict[str, Any] = dict(tracker.slots)
    handoffs: list[str] = []
    unanswered = False
    # A message that is ruled as personal advice got the fixed text from the rule in data/rules.yml already.
    declined = tracker.latest_message["intent"]["name"] == "ask_personal_advice"
    for question in _questions(tracker.latest_message):
        answer = _answer_one(dispatcher, edition, question, slots, declined=declined)
        if answer is None and not unanswered:
            dispatcher.utter_message(response="utter_hand_off")
            unanswered = True
        elif answer is not None and answer.handoff:
            handoffs.append(clinic.kind_of_call(answer.handoff, question.text))
    if declined and not handoffs:
        # The decision is for the care team, whatever general facts are given.
        advice = edition.answer("ask_personal_advice")
        handoffs += [advice.handoff] if advice and advice.handoff else []
    if unanswered and not handoffs:
        handoffs.append(DEFAULT_KIND)
    for kind in dict.fromkeys(handoffs):
        dispatcher.utter_message(**speak.handoff_details(clinic, clinic.handoffs[kind], edition.language))
    _offer_others(dispatcher, tracker, edition, slots)
    changed = [*VARIANT_KEYS, "last_topic", "answered_topics", "turns_since_mention"]
    return [*(SlotSet(key, slots.get(key)) for key in changed), SlotSet("misses", 0.0)]


def _offer_others(dispatcher: CollectingDispatcher, tracker: Tracker, edition: Edition, slots: dict[str, Any]) -> None:
    """Offer below the answer to a single question what else may have been meant by it.

    Where danger was asked about or a call advised, nothing is put below that. "And with surgery?" asks the last topic
    again, whatever else its words may mean; and what was answered just now was not meant.
    """
    message, before = tracker.latest_message, tracker.get_slot("last_topic")
    ranking = choices.ranking_of(message)
    is_calm = Assessment.from_dict(message.get(SAFETY)).level is Level.NONE
    answered = slots.get("last_topic")
    if message.get("questions") or not is_calm or not ranking or ranking[0][0] != answered or answered == before:
        return
    titles = edition.titles(context.carried(slots))
    topics = [topic for topic in choices.beside(ranking, titles) if topic != before]
    if topics:
        dispatcher.utter_message(**speak.or_meant(topics, titles, edition.language))


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
    edition: Edition,
    question: Question,
    slots: dict[str, Any],
    declined: bool,
) -> AnswerView | None:
    """Speak the answer to one question and note in `slots` what the next one needs; None when there is no text."""
    mentions = context.read_mentions(question.entities)
    last = slots.get("last_topic")
    follow_up_topics = [last] if last and edition.variant_keys(last) & set(mentions.values) else []
    own = edition.context(question.intent)
    state = context.resolve(question.intent, question.text, mentions, slots, follow_up_topics, own)
    answer = edition.answer(state.topic, state.wanted)
    if edition.kind(state.topic) == "advice_declined" and not declined:
        dispatcher.utter_message(response="utter_advice_declined")
    if answer is None:
        return None
    spoken = f"{answer.topic}:{answer.variant or ''}"
    earlier = slots.get("answered_topics") or []
    repeated = bool(earlier) and earlier[-1] == spoken
    dispatcher.utter_message(**speak.answer_message(answer, edition.titles(state.wanted), edition.clinic(), repeated))
    slots.update({key: None if state.cleared else state.wanted.get(key) for key in VARIANT_KEYS})
    slots["last_topic"] = answer.topic
    slots["answered_topics"] = [*earlier, spoken][-_REMEMBERED:]
    slots["turns_since_mention"] = float(state.turns_since_mention)
    return answer
