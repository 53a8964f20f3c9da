"""Reads and checks the content files as one whole: either all of them are right, or none is taken."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError, parse_obj_as

from valve_clinic import paths
from valve_clinic.content import schema, yaml_file
from valve_clinic.content.problems import ContentError, Problem

#: Files in `content/` that are not topics.
NOT_TOPICS = {"clinic.yml", "facts.yml"}
#: Ten digits however they are parted: dots, blanks, brackets, and all kinds of hyphens.
_PHONE = re.compile(r"(?<!\d)(?:1\W?)?\(?\d{3}\)?\W?\d{3}\W?\d{4}(?!\d)")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class Content:
    """Everything the content folder says; `digest` changes when any file does."""

    clinic: schema.Clinic
    facts: dict[str, schema.Fact]
    topics: dict[str, schema.Topic]
    digest: str


def load_files(folder: Path = paths.CONTENT) -> Content:
    """Read and check the folder; raises `ContentError` with file, line and reason of every problem."""
    problems: list[Problem] = []
    clinic = _parse(folder / "clinic.yml", schema.Clinic, problems)
    facts = _read_facts(folder / "facts.yml", problems)
    files = sorted(path for path in folder.glob("*.yml") if path.name not in NOT_TOPICS)
    if not files:
        problems.append(Problem(folder / "clinic.yml", 1, "there is no topic file beside it"))
    # By file name, which the id must be: a copied file cannot take another's place.
    topics: dict[str, schema.Topic] = {}
    for path in files:
        topic = _parse(path, schema.Topic, problems)
        if topic is not None:
            topics[path.stem] = topic
    names = {path.stem for path in files}
    nodes = {name: (folder / f"{name}.yml", yaml_file.read(folder / f"{name}.yml")) for name in topics}
    for name, (path, node) in nodes.items():
        problems += _check_topic(path, node, topics[name], names, facts, clinic)
    problems += _check_titles(nodes, topics)
    if clinic is not None and facts is not None:
        problems += _check_clinic(folder / "clinic.yml", clinic, facts)
    if problems or clinic is None or facts is None:
        raise ContentError(problems)
    return Content(clinic, facts, topics, digest_of(folder))


def load_clinic(path: Path = paths.CLINIC_FILE) -> schema.Clinic:
    """Read `clinic.yml` alone; raises `ContentError`."""
    problems: list[Problem] = []
    clinic = _parse(path, schema.Clinic, problems)
    if clinic is None:
        raise ContentError(problems)
    return clinic


def digest_of(folder: Path) -> str:
    """Return a SHA-256 over the names and bytes of the folder's YAML files."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.yml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _parse(path: Path, model: type[_Model], problems: list[Problem]) -> _Model | None:
    try:
        node = yaml_file.read(path)
    except ContentError as error:
        problems += error.problems
        return None
    if not isinstance(node, dict):
        problems.append(Problem(path, 1, "the file must be a mapping (key: value)"))
        return None
    try:
        return model.parse_obj(yaml_file.plain(node))
    except ValidationError as error:
        problems += _from_pydantic(path, node, error, drop=0)
        return None


def _read_facts(path: Path, problems: list[Problem]) -> dict[str, schema.Fact] | None:
    try:
        node = yaml_file.read(path)
        facts = parse_obj_as(list[schema.Fact], yaml_file.plain(node))
    except ContentError as error:
        problems += error.problems
        return None
    except ValidationError as error:
        problems += _from_pydantic(path, node, error, drop=1)
        return None
    by_id: dict[str, schema.Fact] = {}
    for index, fact in enumerate(facts):
        if fact.id in by_id:
            problems.append(Problem(path, yaml_file.line_of(node, [index]), f"the fact id {fact.id} stands twice"))
        by_id[fact.id] = fact
    return by_id


def _from_pydantic(path: Path, node: object, error: ValidationError, drop: int) -> list[Problem]:
    problems = []
    for item in error.errors():
        location = list(item["loc"])[drop:]
        where = ".".join(str(part) for part in location)
        message = item["msg"]
        if item["type"] == "value_error.extra":
            message = "unknown key; check its spelling"
        problems.append(Problem(path, yaml_file.line_of(node, location), f"{where}: {message}"))
    return problems


def _check_topic(
    path: Path,
    node: object,
    topic: schema.Topic,
    names: set[str],
    facts: dict[str, schema.Fact] | None,
    clinic: schema.Clinic | None,
) -> list[Problem]:
    """Check one topic; what needs `facts` or `clinic` is left out while those files are broken themselves."""

    def problem(location: list[str | int], message: str) -> Problem:
        return Problem(path, yaml_file.line_of(node, location), message)

    found = []
    if topic.id != path.stem:
        found.append(problem(["id"], f"the id must be the file's name, {path.stem}"))
    for index, followup in enumerate(topic.followups):
        if followup not in names or followup == path.stem:
            found.append(problem(["followups", index], f"{followup} is not another topic of this folder"))
    found += [problem(["title"], message) for message in _check_title(topic.title)]
    if clinic is not None and topic.handoff is not None and topic.handoff not in clinic.handoffs:
        known = ", ".join(clinic.handoffs)
        found.append(problem(["handoff"], f"unknown kind of hand-off {topic.handoff!r}; clinic.yml has {known}"))
    if clinic is not None and topic.link is not None and topic.link not in clinic.links:
        found.append(problem(["link"], f"unknown link {topic.link!r}; clinic.yml has {', '.join(clinic.links)}"))
    for number, answer in enumerate(topic.answers):
        at: list[str | int] = ["answers", number]
        words = len(answer.text.split())
        if not schema.WORDS_MIN <= words <= schema.WORDS_MAX:
            limits = f"{schema.WORDS_MIN} to {schema.WORDS_MAX}"
            found.append(problem([*at, "paragraphs"], f"the text has {words} words; it needs {limits}"))
        for part, paragraph in enumerate(answer.paragraphs):
            spot: list[str | int] = [*at, "paragraphs", part]
            found += [problem([*spot, "text"], message) for message in _check_text(paragraph.text)]
            for index, source in enumerate(paragraph.sources):
                if facts is not None and source not in facts:
                    found.append(problem([*spot, "sources", index], f"no fact {source!r} in facts.yml"))
        found += [problem([*at, "short"], message) for message in _check_text(answer.short)]
    return found


def _check_text(text: str) -> list[str]:
    messages = []
    if _PHONE.search(text):
        messages.append("a phone number is typed; write {phone}: numbers stand in clinic.yml only")
    unknown = [name for name in _PLACEHOLDER.findall(text) if name != "phone"]
    if unknown:
        messages.append(f"unknown placeholder {{{unknown[0]}}}; known: {{phone}}")
    if "<" in text:
        messages.append("markup is not shown; write plain text")
    return messages


def _check_title(title: str) -> list[str]:
    """A title is a button's text: nothing is filled in there."""
    placeholder = ["a title has no placeholders"] if "{" in title else []
    return placeholder + [message for message in _check_text(title) if "placeholder" not in message]


def _check_titles(nodes: dict[str, tuple[Path, object]], topics: dict[str, schema.Topic]) -> list[Problem]:
    seen: dict[str, str] = {}
    found = []
    for topic_id, (path, node) in nodes.items():
        title = topics[topic_id].title.lower()
        if title in seen:
            line = yaml_file.line_of(node, ["title"])
            found.append(Problem(path, line, f"the title is the same as that of {seen[title]}"))
        seen[title] = topic_id
    return found


def _check_clinic(path: Path, clinic: schema.Clinic, facts: dict[str, schema.Fact]) -> list[Problem]:
    node = yaml_file.read(path)
    return [
        Problem(path, yaml_file.line_of(node, ["handoffs", name, "source"]), f"no fact {kind.source!r} in facts.yml")
        for name, kind in clinic.handoffs.items()
        if kind.source is not None and kind.source not in facts
    ]
