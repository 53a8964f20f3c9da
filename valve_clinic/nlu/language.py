"""The project's own spaCy pipeline: tokens, sentences and the clinic's vocabulary, on a blank English model.

It is built from the look-up lists of `data/nlu.yml` and kept on disk beside this module, so that Rasa's stock
`SpacyNLP` loads it without a download. `valve-clinic language build` writes it, `language check` compares it.
"""

from __future__ import annotations

import filecmp
import shutil
import tempfile
from pathlib import Path
from typing import Any

import spacy

from valve_clinic import paths, plain_yaml

VOCABULARY_FILE = paths.DATA / "nlu.yml"
LANGUAGE_DIR = Path(__file__).resolve().parent / "clinic_en"


class VocabularyError(ValueError):
    """The look-up lists cannot be used; the message names the file and the phrase."""


def read_vocabulary(path: Path = VOCABULARY_FILE) -> dict[str, str]:
    """Return every phrase of the look-up lists, in lower case, with its entity; raises `VocabularyError`."""
    phrases: dict[str, str] = {}
    for item in plain_yaml.read(path)["nlu"]:
        entity = item.get("lookup")
        if entity is None:
            continue
        for phrase in _examples(item["examples"]):
            if phrases.get(phrase, entity) != entity:
                raise VocabularyError(f"{path.name}: {phrase!r} stands under {phrases[phrase]} and under {entity}")
            phrases[phrase] = entity
    return phrases


def build(directory: Path = LANGUAGE_DIR, vocabulary: Path = VOCABULARY_FILE) -> int:
    """Write the pipeline to `directory`, replacing what is there; returns how many phrases it knows."""
    phrases = read_vocabulary(vocabulary)
    nlp = spacy.blank("en")
    nlp.meta["name"] = "valve_clinic"
    nlp.meta["description"] = "Tokens, sentences and the clinic's vocabulary"
    nlp.add_pipe("sentencizer")
    ruler: Any = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([{"label": entity, "pattern": phrase} for phrase, entity in sorted(phrases.items())])
    if directory.exists():
        shutil.rmtree(directory)
    nlp.to_disk(directory)
    return len(phrases)


def is_current(directory: Path = LANGUAGE_DIR, vocabulary: Path = VOCABULARY_FILE) -> bool:
    """Return whether the ruler on disk knows exactly the phrases of the look-up lists."""
    patterns = "entity_ruler/patterns.jsonl"
    if not (directory / patterns).is_file():
        return False
    with tempfile.TemporaryDirectory() as scratch:
        fresh = Path(scratch) / "language"
        build(fresh, vocabulary)
        return filecmp.cmp(directory / patterns, fresh / patterns, shallow=False)


def _examples(block: str) -> list[str]:
    return [line[2:].strip().lower() for line in block.splitlines() if line.startswith("- ")]
