"""Writes a revision into its topic's file: what is the same stays as it is written, comments too."""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import textwrap
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString

from valve_clinic.content import loader, schema, yaml_file
from valve_clinic.content.problems import ContentError, Problem

#: A longer text is written folded, over several lines.
_LONG = 80
_WIDTH = 110


def render(topic: schema.Topic, file: Path) -> str:
    """Return the text of the topic's file; raises `ContentError` when what is there now is no YAML."""
    written = YAML(typ="rt", pure=True)
    written.preserve_quotes = True
    # Texts are folded where they were, or where `_folded` says.
    written.width, written.allow_unicode = 100_000, True
    written.representer.add_representer(type(None), _null)
    if file.is_file():
        yaml_file.read(file)  # says file and line of what is no YAML
    there = written.load(file.read_text(encoding="utf-8")) if file.is_file() else None
    node = _merged(there if isinstance(there, dict) else CommentedMap(), json.loads(topic.json()), _explicit(topic))
    target = io.StringIO()
    written.dump(node, target)
    return target.getvalue()


def check(topic: schema.Topic, text: str, folder: Path) -> list[Problem]:
    """Return what would be wrong with the topic's file in the folder, were it to hold `text`."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / folder.name
        copy.mkdir()
        for place in [folder, *loader.translations_in(folder)]:
            target = copy / place.relative_to(folder)
            target.mkdir(exist_ok=True)
            for path in place.glob("*.yml"):
                shutil.copy(path, target)
        file = copy / f"{topic.key}.yml"
        file.write_text(text, encoding="utf-8")
        try:
            found = loader.load_files(copy).everything[topic.key]
        except ContentError as error:
            return [problem for problem in error.problems if problem.file == file]
    return (
        [] if found == topic else [Problem(folder / f"{topic.key}.yml", 1, "it would not say the same as the revision")]
    )


def write(topic: schema.Topic, text: str, folder: Path) -> Path:
    """Put the text in place of the topic's file, the whole of it or nothing; returns the file."""
    file = folder / f"{topic.key}.yml"
    mode = file.stat().st_mode & 0o777 if file.is_file() else 0o644
    fresh = file.with_name(f".{file.name}.new")
    try:
        with fresh.open("w", encoding="utf-8") as target:
            target.write(text)
            target.flush()
            os.fsync(target.fileno())
        fresh.chmod(mode)
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)
    return file


def _explicit(topic: schema.Topic) -> dict[str, Any]:
    """Return what must stand in the file; the rest may be left out where it is left out now."""
    explicit: dict[str, Any] = json.loads(topic.json(exclude_defaults=True))
    return explicit


def _merged(old: Any, new: Any, explicit: Any) -> Any:
    """Return `new` in the place of `old`, keeping of `old` the nodes that say the same."""
    if isinstance(new, dict) and isinstance(old, dict):
        for key in [key for key in old if key not in new]:
            del old[key]
        for key, value in new.items():
            shown = explicit.get(key) if isinstance(explicit, dict) else value
            if key in old or shown not in (None, {}, []):
                old[key] = _merged(old.get(key), value, shown)
        return old
    if isinstance(new, dict):
        return _merged(CommentedMap(), new, explicit)
    if isinstance(new, list):
        if yaml_file.plain(old) == new:
            return old
        inner = explicit if isinstance(explicit, list) else new
        if isinstance(old, list) and len(old) == len(new):
            for number, value in enumerate(new):
                old[number] = _merged(old[number], value, inner[number])
            return old
        return [_merged(None, value, inner[number]) for number, value in enumerate(new)]
    if isinstance(new, str):
        return old if isinstance(old, str) and old.strip() == new else _string(new)
    return new


def _null(representer: Any, _value: None) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")


def _folded(text: str) -> FoldedScalarString:
    folded = FoldedScalarString(text)
    end, folds = 0, []
    for line in textwrap.wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False)[:-1]:
        end += len(line) + 1
        folds.append(end - 1)
    folded.fold_pos = folds
    return folded


def _string(text: str) -> str:
    if "\n" in text:
        return DoubleQuotedScalarString(text)
    if len(text) > _LONG:
        return _folded(text)
    return DoubleQuotedScalarString(text) if text[:1].isdigit() else text
