"""The figures of docs/insights.md: what one conversation adds to the counts of its day."""

from __future__ import annotations

import bisect
from collections import Counter

from valve_clinic.insights.conversation import DANGER, SAFETY_KINDS, Conversation, Turn, name_of
from valve_clinic.insights.local_time import WEEKDAYS, LocalTime

#: How a conversation ended, the first that is true. Together they are all engaged conversations.
DANGER_FIRST, HANDED_OFF, UNRESOLVED, DOUBTED, ANSWERED, DECLINED, NO_QUESTION = OUTCOMES = (
    "danger",
    "handed_off",
    "unresolved",
    "doubted",
    "answered",
    "declined",
    "no_question",
)
#: Upper ends of the bins of response times, milliseconds; the last bin is open.
BINS = (50, 100, 200, 300, 500, 750, 1000, 1500, 2000, 3000, 5000)
OPEN_BIN = "more"
#: Keys of ratings of what is no answer, and of clicks on the clinic's own number.
NO_TOPIC, CLINIC = "no_topic", "clinic"
Counts = Counter[tuple[str, str]]


def outcome(talk: Conversation) -> str | None:
    """Return how an engaged conversation ended, None where nobody said anything."""
    turns = talk.asked
    if not turns:
        return None
    answers = [place for place, turn in enumerate(turns) if turn.topics]
    misses = [place for place, turn in enumerate(turns) if turn.is_miss or turn.is_unanswered]
    if any(turn.is_danger for turn in turns):
        return DANGER_FIRST
    if any(turn.handoff for turn in turns):
        return HANDED_OFF
    if misses and misses[-1] > (answers[-1] if answers else -1):
        return UNRESOLVED
    if answers:
        return DOUBTED if _is_doubted(talk, turns) else ANSWERED
    if any("advice_declined" in turn.kinds or "same_day" in turn.kinds for turn in turns):
        return DECLINED
    return NO_QUESTION


def count(talk: Conversation, time: LocalTime, phone: str) -> Counts:
    """Return what the conversation adds; all of it belongs to the day on which it began.

    `phone` is the clinic's number, ten digits.
    """
    found: Counts = Counter()
    begun = time.at(talk.started_at)
    slot = f"{WEEKDAYS[begun.weekday()]}-{begun.hour:02}"
    found["conversations", ""] += 1
    ended = outcome(talk)
    if ended is None:
        return found
    found["engaged", ""] += 1
    found["outcome", ended] += 1
    found["hour", slot] += 1
    for turn in talk.asked:
        _count_turn(found, turn)
    _count_handoff(found, talk, time, slot)
    _count_ratings(found, talk)
    _count_calls(found, talk, ended, phone)
    for kind in SAFETY_KINDS:
        found["safety_conversations", kind] += any(kind in turn.kinds for turn in talk.asked)
    found["safety_conversations", "any"] += any(kind in DANGER for turn in talk.asked for kind in turn.kinds)
    return +found


def bin_of(milliseconds: int) -> str:
    """Return the bin of a response time: its upper end."""
    place = bisect.bisect_left(BINS, milliseconds)
    return str(BINS[place]) if place < len(BINS) else OPEN_BIN


def _is_doubted(talk: Conversation, turns: list[Turn]) -> bool:
    """A rating says no; or somebody typed feedback, which may be a complaint, and nothing says that it is not."""
    if any(not rating.helpful for rating in talk.ratings):
        return True
    typed = any(turn.understood.intent == "give_feedback" for turn in turns)
    return typed and not talk.ratings


def _count_turn(found: Counts, turn: Turn) -> None:
    found["messages", "button" if turn.understood.is_button else "typed"] += 1
    for topic in turn.topics:
        found["asked", topic] += 1
    for kind in SAFETY_KINDS:
        found["safety", kind] += kind in turn.kinds
    found["advice_declined", ""] += "advice_declined" in turn.kinds
    if turn.is_unanswered:
        found["missed", "unanswered"] += 1
    elif turn.is_miss:
        found["missed", "clarified" if "clarify" in turn.kinds else "declined_or_handed_off"] += 1
    waited = turn.milliseconds
    if waited is not None:
        found["response", bin_of(waited)] += 1


def _count_handoff(found: Counts, talk: Conversation, time: LocalTime, slot: str) -> None:
    """A conversation is handed off once: at its first hand-off, whose reason and hour count.

    What the patient was told of the hours then is what counts: the clinic's data may say something else by now.
    """
    first = next((turn for turn in talk.asked if turn.handoff), None)
    if first is not None:
        found["handed_off", f"{first.handoff}:{first.hours or time.state(first.at)}"] += 1
        found["handoff_hour", slot] += 1


def _count_ratings(found: Counts, talk: Conversation) -> None:
    replies = {reply.get("id"): reply for turn in talk.turns for reply in turn.replies}
    for rating in talk.ratings:
        reply = replies.get(rating.reply_id, {})
        topic = name_of(reply.get("topic")) if reply.get("kind") == "answer" else NO_TOPIC
        found["helpful" if rating.helpful else "unhelpful", topic] += 1


def _count_calls(found: Counts, talk: Conversation, ended: str, phone: str) -> None:
    numbers = [_number(target, phone) for target in talk.calls]
    for number in numbers:
        found["phone_clicks", number] += 1
    for number in set(numbers):
        found["phone_conversations", number] += 1
    found["answered_then_phone", ""] += ended == ANSWERED and CLINIC in numbers


def _number(target: str, phone: str) -> str:
    digits = "".join(character for character in target if character.isdigit())
    if digits in ("911", "988"):
        return digits
    return CLINIC if digits.endswith(phone) else "other"
