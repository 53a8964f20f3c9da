"""A translation says what the English text says: texts, facts, numbers, links and relations, place by place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from valve_clinic.content import schema
from valve_clinic.content.house_rules import House
from valve_clinic.content.parsed import Location, Parsed
from valve_clinic.content.problems import Problem

_NUMBER = re.compile(r"\d(?:[\d,.]*\d)?")
_PHONE = "{phone}"
#: What a topic and its translation must have in common, beside their texts.
_RELATIONS = ("followups", "handoff", "kind", "context", "link", "review_due")


def check(parsed: Parsed, english: Parsed) -> Iterator[Problem]:
    """Compare each topic of the folder with the topic of the same name in `english`."""
    for name in sorted(english.topics.keys() - parsed.names):
        path = parsed.folder / "clinic.yml"
        mend = f"translate {english.folder.name}/{name}.yml into a file of the same name, with status: draft"
        yield Problem(path, 1, f"the topic {name} has no translation beside this file", mend)
    for name in parsed.topics:
        if name not in english.names:
            mend = "name the file after an English topic, or write that topic first"
            yield parsed.in_topic(name, ["id"], f"there is no English topic {name}", mend)
        elif name in english.topics:
            yield from _topic(parsed, name, english)
    if english.clinic is not None and parsed.words is not None:
        yield from _words(parsed, parsed.words, english.clinic)


def check_required(parsed: Parsed, house: House, english: House) -> Iterator[Problem]:
    """Compare the statements that the texts must make with those of the English texts."""
    path = parsed.folder / "required.yml"
    wanted = Counter((item.topic, item.fact, tuple(item.variants), item.short) for item in english.required)
    found = Counter((item.topic, item.fact, tuple(item.variants), item.short) for item in house.required)
    for topic, fact, variants, short in wanted - found:
        message = f"{topic} need not say what {fact} says in the texts for {', '.join(variants)} here"
        mend = "translate the statement of the English file: same topic, fact, variants" + (", short: true" * short)
        yield Problem(path, 1, message, mend)
    for index, item in enumerate(house.required):
        key = (item.topic, item.fact, tuple(item.variants), item.short)
        if key not in wanted:
            message = f"the English file has no statement on {item.topic} with {item.fact} for these variants"
            yield parsed.at(
                path, ["required", index], message, "write topic, fact, variants and short as they are there"
            )


def _topic(parsed: Parsed, name: str, english: Parsed) -> Iterator[Problem]:
    mine, theirs = parsed.topics[name], english.topics[name]
    if mine.language != parsed.language:
        message = f"the language is {mine.language}; the folder is {parsed.language}"
        yield parsed.in_topic(name, ["language"], message, f"write language: {parsed.language}")
    for key in _RELATIONS:
        if getattr(mine, key) != getattr(theirs, key):
            message = f"{key} differs from the English topic, which has {getattr(theirs, key)}"
            yield parsed.in_topic(name, [key], message, "write the same here, or change both")
    if mine.status == "published" and theirs.status != "published":
        message = "the translation is published; the English topic is a draft"
        yield parsed.in_topic(name, ["status"], message, "write status: draft, or publish the English topic first")
    variants = [schema.variant_key(answer.variant) or "default" for answer in theirs.answers]
    own = [schema.variant_key(answer.variant) or "default" for answer in mine.answers]
    if own != variants:
        message = f"the texts are for {', '.join(own)}; the English ones for {', '.join(variants)}"
        yield parsed.in_topic(name, ["answers"], message, "have a text for each of those, in the same order")
        return
    for number, (answer, original) in enumerate(zip(mine.answers, theirs.answers, strict=True)):
        yield from _answer(parsed, name, number, answer, original)


def _answer(
    parsed: Parsed, name: str, number: int, answer: schema.Answer, original: schema.Answer
) -> Iterator[Problem]:
    at: tuple[str | int, ...] = ("answers", number)
    if len(answer.paragraphs) != len(original.paragraphs):
        message = f"there are {len(answer.paragraphs)} paragraphs; the English text has {len(original.paragraphs)}"
        yield parsed.in_topic(name, [*at, "paragraphs"], message, "translate paragraph by paragraph")
    else:
        for index, (part, source) in enumerate(zip(answer.paragraphs, original.paragraphs, strict=True)):
            here = (*at, "paragraphs", index)
            yield from _sources(parsed, name, (*here, "sources"), part.sources, source.sources)
            yield from _numbers(parsed, name, (*here, "text"), part.text, source.text)
    yield from _numbers(parsed, name, (*at, "short"), answer.short, original.short)
    yield from _table(parsed, name, (*at, "table"), answer.table, original.table)


def _table(
    parsed: Parsed, name: str, at: Location, table: schema.Table | None, original: schema.Table | None
) -> Iterator[Problem]:
    if table is None or original is None:
        if (table is None) != (original is None):
            message = "there is a table in one language only"
            yield parsed.in_topic(name, at if table else at[:-1], message, "translate the table, or take it out")
        return
    if (len(table.head), len(table.rows)) != (len(original.head), len(original.rows)):
        message = f"the table is {len(table.head)} by {len(table.rows)}"
        message += f"; the English one is {len(original.head)} by {len(original.rows)}"
        yield parsed.in_topic(name, at, message, "translate column by column and row by row")
        return
    for index, (row, source) in enumerate(zip(table.rows, original.rows, strict=True)):
        here = (*at, "rows", index)
        yield from _sources(parsed, name, (*here, "sources"), row.sources, source.sources)
        yield from _numbers(parsed, name, (*here, "cells"), " | ".join(row.cells), " | ".join(source.cells))


def _sources(parsed: Parsed, name: str, at: Location, own: list[str], original: list[str]) -> Iterator[Problem]:
    if own != original:
        message = f"the facts are {', '.join(own)}; the English text cites {', '.join(original)}"
        yield parsed.in_topic(name, at, message, "cite the same facts in the same order, or change both texts")


def _numbers(parsed: Parsed, name: str, at: Location, own: str, original: str) -> Iterator[Problem]:
    """Compare numbers and phone lines; a number may be said again where the other language has to repeat it."""
    found, wanted = Counter(_NUMBER.findall(own)), Counter(_NUMBER.findall(original))
    if found.keys() != wanted.keys():
        message = f"the numbers are {_named(found)}; the English text has {_named(wanted)}"
        yield parsed.in_topic(name, at, message, "write the same numbers, with the same points and commas")
    if (_PHONE in own) != (_PHONE in original):
        what = "has" if _PHONE in original else "does not have"
        yield parsed.in_topic(name, at, f"the English text {what} {_PHONE}", f"have {_PHONE} in both or in none")


def _named(numbers: Counter[str]) -> str:
    return ", ".join(sorted(numbers)) or "none"


def _words(parsed: Parsed, words: schema.ClinicWords, clinic: schema.Clinic) -> Iterator[Problem]:
    path = parsed.folder / "clinic.yml"
    for key, own, original in (("links", words.links, clinic.links), ("handoffs", words.handoffs, clinic.handoffs)):
        if own.keys() != original.keys():
            message = f"{key} has {', '.join(own)}; the English file has {', '.join(original)}"
            yield parsed.at(path, [key], message, "translate each of those, under the same keys")
    for kind, call in words.handoffs.items():
        wanted = len(clinic.handoffs[kind].have_ready) if kind in clinic.handoffs else len(call.have_ready)
        if len(call.have_ready) != wanted:
            message = f"{len(call.have_ready)} things to have ready; the English file has {wanted}"
            yield parsed.at(path, ["handoffs", kind, "have_ready"], message, "translate them one by one")
