"""The content files as they were read, with the line of every value: what the rules look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from valve_clinic.content import schema, shapes
from valve_clinic.content.problems import ContentError, Problem
from valve_clinic.content.yaml_file import Document

_Model = TypeVar("_Model", bound=BaseModel)

Location = Sequence[str | int]


@dataclass(frozen=True)
class Text:
    """One piece of a topic that is read by a patient."""

    topic: str
    location: tuple[str | int, ...]
    text: str
    sources: tuple[str, ...]
    #: "title", "paragraph", "short" or "table".
    part: str
    answer: int | None = None


@dataclass
class Parsed:
    """A folder of topics; `clinic` and `facts` are None while those files are broken themselves."""

    folder: Path
    base: Path
    clinic: schema.Clinic | None = None
    #: The clinic's words in the folder's language; None for English, and where there is no such file.
    words: schema.ClinicWords | None = None
    facts: dict[str, schema.Fact] | None = None
    #: By file name, which the id must be: a copied file cannot take another's place.
    topics: dict[str, schema.Topic] = field(default_factory=dict)
    #: The names of all topic files, the broken ones too.
    names: set[str] = field(default_factory=set)
    documents: dict[Path, Document] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def english(self) -> bool:
        """Whether the texts are English: a folder of another language lies inside the content folder."""
        return self.folder == self.base

    @property
    def language(self) -> str:
        """The language of the texts: the folder's name, or English."""
        return schema.ENGLISH if self.english else self.folder.name

    def path(self, topic: str) -> Path:
        """Return the topic's file."""
        return self.folder / f"{topic}.yml"

    def read(self, path: Path, model: type[_Model]) -> _Model | None:
        """Return a file's data, or None: `problems` says why. What was read is kept, for its lines."""
        try:
            found, self.documents[path] = shapes.read_mapping(path, model)
        except ContentError as error:
            self.problems += error.problems
            return None
        return found

    def at(self, path: Path, location: Location, message: str, mend: str) -> Problem:
        """Return a problem at the value's line."""
        document = self.documents.get(path)
        return Problem(path, document.line_of(location) if document else 1, message, mend)

    def in_topic(self, topic: str, location: Location, message: str, mend: str) -> Problem:
        """Return a problem of a topic file."""
        return self.at(self.path(topic), location, message, mend)

    def texts(self) -> Iterator[Text]:
        """Return every piece that a patient reads: titles, paragraphs, short forms and cells of tables."""
        for name, topic in self.topics.items():
            yield Text(name, ("title",), topic.title, (), "title")
            for number, answer in enumerate(topic.answers):
                yield from _texts_of(name, number, answer)


def _texts_of(topic: str, number: int, answer: schema.Answer) -> Iterator[Text]:
    at: tuple[str | int, ...] = ("answers", number)
    for part, paragraph in enumerate(answer.paragraphs):
        yield Text(
            topic, (*at, "paragraphs", part, "text"), paragraph.text, tuple(paragraph.sources), "paragraph", number
        )
    cited = tuple(source for paragraph in answer.paragraphs for source in paragraph.sources)
    yield Text(topic, (*at, "short"), answer.short, cited, "short", number)
    table = getattr(answer, "table", None)
    if table is not None:
        for place, text in (("caption", table.caption), *(("head", cell) for cell in table.head)):
            yield Text(topic, (*at, "table", place), text, cited, "table", number)
        for index, row in enumerate(table.rows):
            for cell in row.cells:
                yield Text(topic, (*at, "table", "rows", index), cell, tuple(row.sources), "table", number)
