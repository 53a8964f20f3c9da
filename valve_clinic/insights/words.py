"""What keys of counts are called in the report."""

from __future__ import annotations

from valve_clinic.handoff import hours
from valve_clinic.insights import conversation as talk
from valve_clinic.insights import counting

WEEKDAY = {
    **{"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday"},
    **{"fri": "Friday", "sat": "Saturday", "sun": "Sunday"},
}
OUTCOME = {
    counting.ANSWERED: "answered in chat",
    counting.HANDED_OFF: "handed off to the phone line",
    counting.UNRESOLVED: "unresolved: left after a miss or without an answer",
    counting.DOUBTED: "answered, then rated unhelpful or complained about",
    counting.DECLINED: "medical decision declined, or told to call the care team today",
    counting.DANGER_FIRST: "sent to 911 or 988",
    counting.NO_QUESTION: "small talk only",
}
#: The same for a picture.
OUTCOME_SHORT = {
    counting.ANSWERED: "answered in chat",
    counting.HANDED_OFF: "handed off",
    counting.UNRESOLVED: "unresolved",
    counting.DOUBTED: "answered, then doubted",
    counting.DECLINED: "declined",
    counting.DANGER_FIRST: "sent to 911 or 988",
    counting.NO_QUESTION: "small talk only",
}
HANDOFF = {
    talk.ON_REQUEST: "asked for a person",
    talk.ON_A_MISS: "not understood twice",
    talk.BY_TOPIC: "the topic ends at the phone (booking, records, costs, …)",
    talk.ADVICE: "a medical decision was declined",
    talk.OTHER_LANGUAGE: "another language",
    talk.NO_TEXT: "no text for the question",
}
HOURS = {
    hours.IN_HOURS: "in hours",
    hours.OUT_OF_HOURS: "out of hours",
    hours.UNKNOWN: "hours unknown",
}
SAFETY = {
    "emergency": "call 911",
    "crisis": "call or text 988",
    "check": "“if this is happening now, call 911”",
    "same_day": "call your care team today",
}
NUMBER = {counting.CLINIC: "the clinic's number", "911": "911", "988": "988", "other": "another number"}
MISSED = {
    "clarified": "asked back",
    "declined_or_handed_off": "declined as out of scope, or given up after asking back",
    "unanswered": "no answer at all",
}
REASON = {
    "clarified": "asked back",
    "missed": "missed",
    "unanswered": "not answered",
    "unhelpful": "rated unhelpful",
    "unsure": "answered with little confidence",
}


def slot(name: str) -> str:
    """Return an hour of the week as words."""
    day, _, hour = name.partition("-")
    return f"{WEEKDAY[day]} {hour}:00"
