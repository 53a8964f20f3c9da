"""Writes assigned messages as training examples in the layout of `data/nlu/`, and refuses what must not be there."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from valve_clinic import training_data
from valve_clinic.insights.inbox import InboxError, Item, personal

_HEAD = 'version: "3.1"\nnlu:\n'
_COMMENT = "# From the review inbox: masked and checked by a person, not invented.\n"
#: Rasa reads these as an annotated entity, or as the end of the example.
_MARKS = re.compile(r"[\[\]{}|]")


@dataclass(frozen=True)
class Refused:
    """An item that is not written, and why."""

    item: int
    reason: str

    def __str__(self) -> str:
        """Return one line for a person."""
        return f"item {self.item} is not written: {self.reason}"


@dataclass(frozen=True)
class Exported:
    """What was written: files, items, and those that were refused."""

    files: tuple[Path, ...]
    items: tuple[int, ...]
    refused: tuple[Refused, ...]


def export(items: Sequence[Item], out: Path, known: Sequence[training_data.TrainingMessage]) -> Exported:
    """Write assigned items to a folder (a file for each intent; what is there stays) or to a new file `*.yml`.

    `known` are the training messages that are there already. Raises `InboxError` when nothing can be written there.
    """
    chosen, refused = _choose(items, known)
    if not chosen:
        return Exported((), (), tuple(refused))
    by_intent: dict[str, list[tuple[int, str]]] = {}
    for number, intent, text in chosen:
        by_intent.setdefault(intent, []).append((number, text))
    try:
        files = _to_file(by_intent, out) if out.suffix in (".yml", ".yaml") else _to_folder(by_intent, out)
    except OSError as error:
        raise InboxError(f"{error.filename or out} cannot be written: {error.strerror}") from None
    return Exported(tuple(files), tuple(number for number, _, _ in chosen), tuple(refused))


def _choose(
    items: Sequence[Item], known: Sequence[training_data.TrainingMessage]
) -> tuple[list[tuple[int, str, str]], list[Refused]]:
    there = {training_data.key(message.text): f"{message.place} ({message.intent})" for message in known}
    chosen: list[tuple[int, str, str]] = []
    refused = []
    for item in sorted(items, key=lambda item: item.id):
        text = " ".join((item.wording or item.text).split())
        found = personal(text)
        key = training_data.key(text)
        if found:
            reason = f"it looks like personal data ({', '.join(found)}); assign it again with other words (--as)"
            refused.append(Refused(item.id, reason))
        elif _MARKS.search(text):
            refused.append(Refused(item.id, "Rasa would read its brackets; assign it again with other words (--as)"))
        elif key in there:
            refused.append(Refused(item.id, f"the same message stands at {there[key]}"))
        else:
            there[key] = f"item {item.id} ({item.assigned})"
            chosen.append((item.id, str(item.assigned), text))
    return chosen, refused


def _to_folder(by_intent: dict[str, list[tuple[int, str]]], folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for intent, examples in sorted(by_intent.items()):
        path = folder / f"{intent}.yml"
        before = path.read_text(encoding="utf-8").rstrip("\n") + "\n" if path.exists() else _HEAD
        _write(path, before + _block(intent, examples))
        written.append(path)
    return written


def _to_file(by_intent: dict[str, list[tuple[int, str]]], path: Path) -> list[Path]:
    if path.exists():
        raise InboxError(f"{path} is there already; name a new file, or a folder such as data/nlu")
    blocks = "".join(_block(intent, examples) for intent, examples in sorted(by_intent.items()))
    _write(path, _HEAD + blocks)
    return [path]


def _block(intent: str, examples: Sequence[tuple[int, str]]) -> str:
    lines = "".join(f"    - {text}\n" for _, text in examples)
    return f"{_COMMENT}- intent: {intent}\n  examples: |\n{lines}"


def _write(path: Path, text: str) -> None:
    """Write the file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
