"""Nothing pretends a review, and a text that is due for one is named."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from valve_clinic.content.house_rules import House
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem


def check(parsed: Parsed, house: House) -> Iterator[Problem]:
    """Refuse a review in the future, and one after which the next was due already."""
    for name, topic in parsed.topics.items():
        if topic.reviewed is None:
            continue
        if topic.reviewed.date > datetime.date.today():
            message = f"the review of {topic.reviewed.date} lies in the future"
            yield parsed.in_topic(name, ["reviewed"], message, "write the day on which it was signed, or null")
        if topic.reviewed.date > topic.review_due:
            message = f"reviewed on {topic.reviewed.date}, after the next review was due ({topic.review_due})"
            yield parsed.in_topic(name, ["review_due"], message, "write the day of the next review")


def warn(parsed: Parsed, today: datetime.date) -> Iterator[Problem]:
    """Name what is past its review day: it is still served."""
    for name, topic in parsed.topics.items():
        if topic.review_due < today:
            message = f"the review was due on {topic.review_due}; the text is still served"
            mend = "have the text reviewed, then write the day of the next review"
            yield parsed.in_topic(name, ["review_due"], message, mend)
