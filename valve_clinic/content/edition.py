"""One publication as it is read: whole and unchanging, so that no answer is made of two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from valve_clinic.content import schema
from valve_clinic.content.policy import Policy, Translations, allowed

#: The key under which a publication's clinic data has the words of other languages, by language.
WORDS = "words"
#: For how many things that a talk may be about the titles are remembered.
_REMEMBERED = 64


@dataclass(frozen=True)
class SourceView:
    """A source as shown below an answer."""

    name: str
    url: str | None
    date: str
    from_clinic: bool


@dataclass(frozen=True)
class AnswerView:
    """An answer ready to be spoken: placeholders filled in, sources in reading order without doubles.

    `revision` is the id of the topic's revision that the text is of.
    """

    topic: str
    title: str
    kind: str
    variant: dict[str, str] | None
    text: str
    short: str
    sources: list[SourceView]
    reviewed: str | None
    followups: list[str]
    handoff: str | None
    link: str | None
    context: dict[str, str] = field(default_factory=dict)
    revision: int = 0
    #: `{"caption", "head", "rows": [[…]]}` as the website's contract has it, or None.
    table: dict[str, Any] | None = None
    language: str = schema.ENGLISH
    #: Whether the text is a translation that no translator has signed.
    unsigned: bool = False


@dataclass(frozen=True)
class ServedTopic:
    """A topic of the publication, published or draft."""

    topic: schema.Topic
    revision: int


class Edition:
    """What one publication says under a policy, in one language; drafts are no part of it.

    Where a translation is not served, its English text stands in.
    """

    def __init__(
        self,
        topics: list[ServedTopic],
        sources: Mapping[str, SourceView],
        clinic: dict[str, Any] | None,
        digest: str | None,
        policy: Policy = Policy.ALL,
        translations: Translations = Translations.PUBLISHED,
        language: str = schema.ENGLISH,
    ) -> None:
        self.digest = digest
        self.policy = policy
        self.language = language
        self._sources = sources
        words, own = _parted(clinic or {})
        self._clinic = _in_words(schema.Clinic.parse_obj(own), words.get(language)) if clinic else None
        clinics_own = {fact_id for fact_id, source in sources.items() if source.from_clinic}
        self._topics = {item.topic.id: item for item in topics if _is_served(item.topic, schema.ENGLISH)}
        if language != schema.ENGLISH:
            drafts = translations is Translations.DRAFTS
            translated = {item.topic.id: item for item in topics if _is_served(item.topic, language, drafts)}
            self._topics = {name: translated.get(name, item) for name, item in self._topics.items()}
        self._texts: dict[tuple[str, str], schema.Answer | None] = {}
        for served in self._topics.values():
            for answer in served.topic.answers:
                key = served.topic.id, schema.variant_key(answer.variant)
                self._texts[key] = allowed(answer, policy, clinics_own)
        self._titles = lru_cache(_REMEMBERED)(self._titles_for)
        self._others = {
            other: Edition(topics, sources, clinic, digest, policy, translations, other)
            for other in (schema.TRANSLATIONS if language == schema.ENGLISH else ())
        }

    def speaking(self, language: str) -> Edition:
        """Return the same publication in the language, or itself when nothing of that language is served."""
        other = self._others.get(language, self)
        return other if other.translated() else self

    def translated(self) -> int:
        """Return how many topics have a text in the edition's language that is not English."""
        return sum(item.topic.language != schema.ENGLISH for item in self._topics.values())

    def clinic(self) -> schema.Clinic:
        """Return the clinic's data as published; raises `LookupError` when nothing was loaded yet."""
        if self._clinic is None:
            raise LookupError("no content was loaded; run `valve-clinic content load`")
        return self._clinic

    def answer(self, topic_id: str, wanted: dict[str, str] | None = None) -> AnswerView | None:
        """Return the published answer that fits `wanted` best, or None when the topic has none.

        `wanted` maps variant keys to values. A text fits when all its keys agree; among those the one with the most
        keys wins, then the one with the weightier key (`schema.weight_of`); the default text fits always. When the
        policy leaves nothing of that text, there is no answer: another variant's text may not be true of what was
        asked.
        """
        served = self._topics.get(topic_id)
        text = self._text(topic_id, wanted)
        return self._view(served, text) if served is not None and text is not None else None

    def titles(self, wanted: dict[str, str] | None = None) -> dict[str, str]:
        """Return the titles of the topics that have an answer, by id, in the order of the files.

        `wanted` is what the talk is about: a topic without an answer for it is left out. What asking the topic itself
        says about the talk goes before that.
        """
        # Each answer asks for them, and a publication does not change.
        return dict(self._titles(tuple(sorted((wanted or {}).items()))))

    def _titles_for(self, wanted: tuple[tuple[str, str], ...]) -> dict[str, str]:
        return {
            topic_id: served.topic.title
            for topic_id, served in self._topics.items()
            if self._text(topic_id, {**dict(wanted), **served.topic.context}) is not None
        }

    def variant_keys(self, topic_id: str) -> set[str]:
        """Return the keys on which the topic's texts depend, for example {"procedure"}."""
        served = self._topics.get(topic_id)
        return {key for answer in served.topic.answers for key in (answer.variant or {})} if served else set()

    def kind(self, topic_id: str) -> str | None:
        """Return the kind of a published topic, also of one without an answer; None for others."""
        served = self._topics.get(topic_id)
        return served.topic.kind if served else None

    def context(self, topic_id: str) -> dict[str, str]:
        """Return what asking the topic says about the talk."""
        served = self._topics.get(topic_id)
        return dict(served.topic.context) if served else {}

    def published(self) -> list[AnswerView]:
        """Return every text that may be served, in the order of the files and of the texts within them."""
        texts = (
            self._view(served, text)
            for served in self._topics.values()
            for answer in served.topic.answers
            if (text := self._texts[served.topic.id, schema.variant_key(answer.variant)]) is not None
        )
        return [view for view in texts if view is not None]

    def count(self) -> int:
        """Return how many topics have an answer."""
        return len({topic_id for (topic_id, _), text in self._texts.items() if text is not None})

    def _text(self, topic_id: str, wanted: dict[str, str] | None) -> schema.Answer | None:
        served = self._topics.get(topic_id)
        if served is None:
            return None
        best = _best(served.topic.answers, wanted or {})
        return self._texts[topic_id, schema.variant_key(best.variant)]

    def _view(self, served: ServedTopic, answer: schema.Answer) -> AnswerView | None:
        topic, clinic = served.topic, self.clinic()
        shown: dict[str, SourceView] = {}
        for source in (self._sources[fact] for fact in _fact_ids(answer) if fact in self._sources):
            shown.setdefault(source.name, source)
        if not shown:  # nothing is said without its source
            return None
        return AnswerView(
            topic=topic.id,
            title=topic.title,
            kind=topic.kind,
            variant=answer.variant,
            text=answer.text.replace("{phone}", clinic.phone),
            short=answer.short.replace("{phone}", clinic.phone),
            sources=list(shown.values()),
            reviewed=topic.signed_on,
            followups=list(topic.followups),
            # A restored revision may name what clinic.yml has no longer.
            handoff=topic.handoff if topic.handoff in clinic.handoffs else None,
            link=topic.link if topic.link in clinic.links else None,
            context=dict(topic.context),
            revision=served.revision,
            table=_table(answer.table),
            language=topic.language,
            unsigned=topic.language != schema.ENGLISH and topic.status != "published",
        )


def _is_served(topic: schema.Topic, language: str, drafts: bool = False) -> bool:
    return topic.language == language and (drafts or topic.status == "published")


def _parted(clinic: dict[str, Any]) -> tuple[dict[str, schema.ClinicWords], dict[str, Any]]:
    """Return the words of other languages, by language, and the clinic's data without them."""
    words = {language: schema.ClinicWords.parse_obj(item) for language, item in clinic.get(WORDS, {}).items()}
    return words, {key: value for key, value in clinic.items() if key != WORDS}


def _in_words(clinic: schema.Clinic, words: schema.ClinicWords | None) -> schema.Clinic:
    """Return the clinic's data with names and purposes in the words of another language, where it has them."""
    if words is None:
        return clinic
    links = {
        key: link.copy(update={"title": words.links[key]} if key in words.links else {})
        for key, link in clinic.links.items()
    }
    calls = {
        kind: call.copy(update=words.handoffs[kind].dict() if kind in words.handoffs else {})
        for kind, call in clinic.handoffs.items()
    }
    named = {"name": words.name, "phone_is_for": words.phone_is_for, "links": links, "handoffs": calls}
    return clinic.copy(update=named)


def _best(answers: list[schema.Answer], wanted: dict[str, str]) -> schema.Answer:
    def fits(answer: schema.Answer) -> bool:
        return all(wanted.get(key) == value for key, value in (answer.variant or {}).items())

    return max((answer for answer in answers if fits(answer)), key=lambda answer: schema.weight_of(answer.variant))


def _fact_ids(answer: schema.Answer) -> list[str]:
    """Return the facts of the text in reading order, then those of the table."""
    in_table = [source for row in (answer.table.rows if answer.table else ()) for source in row.sources]
    return [*(source for paragraph in answer.paragraphs for source in paragraph.sources), *in_table]


def _table(table: schema.Table | None) -> dict[str, Any] | None:
    if table is None:
        return None
    return {"caption": table.caption, "head": list(table.head), "rows": [list(row.cells) for row in table.rows]}
