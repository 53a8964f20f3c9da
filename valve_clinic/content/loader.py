"""Reads the content files as one whole: either all of them are right, or none is taken."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError, parse_obj_as

from valve_clinic import paths
from valve_clinic.content import rules, schema, shapes, yaml_file
from valve_clinic.content.parsed import Parsed
from valve_clinic.content.problems import ContentError, Problem

#: Files in `content/` that are not topics.
NOT_TOPICS = {"clinic.yml", "facts.yml", "rules.yml", "terms.yml", "required.yml"}
#: What a translation has beside its topics.
_NOT_TRANSLATED_TOPICS = NOT_TOPICS | {"responses.yml"}
#: What a translation shares with the English folder.
_BASE = ("clinic.yml", "facts.yml")


@dataclass(frozen=True)
class Content:
    """Everything the content folder says; `digest` changes when any file does."""

    clinic: schema.Clinic
    facts: dict[str, schema.Fact]
    topics: dict[str, schema.Topic]
    digest: str
    #: By `Topic.key`, of all languages but English.
    translations: dict[str, schema.Topic] = field(default_factory=dict)
    #: The clinic's words by language.
    words: dict[str, schema.ClinicWords] = field(default_factory=dict)
    #: The files with their lines, for whoever has something to say about them.
    parsed: Parsed | None = field(default=None, compare=False, repr=False)

    @property
    def everything(self) -> dict[str, schema.Topic]:
        """The topics of all languages, by key."""
        return {**self.topics, **self.translations}


def load_files(folder: Path = paths.CONTENT) -> Content:
    """Read and check the folder; raises `ContentError` with file, line and reason of every problem."""
    english = parse(folder)
    parsed = [english, *(parse(other, folder, english) for other in translations_in(folder))]
    return content_of(parsed, [problem for part in parsed for problem in part.problems + rules.check_integrity(part)])


def content_of(parsed: list[Parsed], problems: list[Problem]) -> Content:
    """Return the English folder and its translations as one whole; raises `ContentError` when there are problems."""
    english, *others = parsed
    if problems or english.clinic is None or english.facts is None:
        raise ContentError(problems)
    translated = {topic.key: topic for other in others for topic in other.topics.values()}
    words = {other.language: other.words for other in others if other.words is not None}
    digest = digest_of(english.folder)
    return Content(english.clinic, english.facts, english.topics, digest, translated, words, english)


def translations_in(folder: Path) -> list[Path]:
    """Return the folders of other languages inside a content folder."""
    return [folder / language for language in schema.TRANSLATIONS if (folder / language).is_dir()]


def parse(folder: Path = paths.CONTENT, base: Path | None = None, english: Parsed | None = None) -> Parsed:
    """Read the topics of `folder`; the clinic's data and the facts are those of `base` (default: the same folder).

    What has the wrong shape is left out and stands in the result's `problems`. Where `english` is given, the base as it
    was read, the clinic's data and the facts are taken from it.
    """
    parsed = Parsed(folder, base or folder)
    if english is not None:
        parsed.clinic, parsed.facts = english.clinic, english.facts
        beside = [parsed.base / name for name in _BASE]
        parsed.documents.update({path: english.documents[path] for path in beside if path in english.documents})
    else:
        parsed.clinic = parsed.read(parsed.base / "clinic.yml", schema.Clinic)
        parsed.facts = _read_facts(parsed.base / "facts.yml", parsed)
    if not parsed.english and (folder / "clinic.yml").is_file():
        parsed.words = parsed.read(folder / "clinic.yml", schema.ClinicWords)
    others = NOT_TOPICS if parsed.english else _NOT_TRANSLATED_TOPICS
    files = sorted(path for path in folder.glob("*.yml") if path.name not in others)
    if not files:
        message, mend = "there is no topic file beside it", "put the topics back, one file each"
        parsed.problems.append(Problem(parsed.base / "clinic.yml", 1, message, mend))
    parsed.names = {path.stem for path in files}
    for path in files:
        topic = parsed.read(path, schema.Topic)
        if topic is not None:
            parsed.topics[path.stem] = topic
    return parsed


def load_clinic(path: Path = paths.CLINIC_FILE) -> schema.Clinic:
    """Read `clinic.yml` alone; raises `ContentError`."""
    parsed = Parsed(path.parent, path.parent)
    clinic = parsed.read(path, schema.Clinic)
    if clinic is None:
        raise ContentError(parsed.problems)
    return clinic


def digest_of(folder: Path) -> str:
    """Return a SHA-256 over the names and bytes of the folder's YAML files and those of its translations."""
    digest = hashlib.sha256()
    for place in [folder, *translations_in(folder)]:
        for path in sorted(place.glob("*.yml")):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _read_facts(path: Path, parsed: Parsed) -> dict[str, schema.Fact] | None:
    try:
        document = parsed.documents[path] = yaml_file.read(path)
        facts = parse_obj_as(list[schema.Fact], document.data)
    except ContentError as error:
        parsed.problems += error.problems
        return None
    except ValidationError as error:
        parsed.problems += shapes.from_pydantic(path, document, error, drop=1)
        return None
    by_id: dict[str, schema.Fact] = {}
    for index, fact in enumerate(facts):
        if fact.id in by_id:
            mend = "give the second one an id of its own"
            parsed.problems.append(parsed.at(path, [index], f"the fact id {fact.id} stands twice", mend))
        by_id[fact.id] = fact
    return by_id
