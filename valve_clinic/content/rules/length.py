"""A text is long enough to help and short enough to be read."""

from __future__ import annotations

from collections.abc import Iterator

from valve_clinic.content import schema
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import Problem


def check(parsed: Parsed) -> Iterator[Problem]:
    """Refuse texts outside `WORDS_MIN` to `WORDS_MAX` words, in a translation to a fifth more.

    The schema limits short forms and titles.
    """
    most = schema.WORDS_MAX if parsed.english else schema.WORDS_MAX_TRANSLATED
    limits = f"{schema.WORDS_MIN} to {most}"
    for name, topic in parsed.topics.items():
        for number, answer in enumerate(topic.answers):
            words = len(answer.text.split())
            if words < schema.WORDS_MIN:
                mend = f"add {schema.WORDS_MIN - words} words or more, each with its source"
            elif words > most:
                mend = f"take out {words - most} words or more"
            else:
                continue
            message = f"the text has {words} words; it needs {limits}"
            yield parsed.in_topic(name, ["answers", number, "paragraphs"], message, mend)
